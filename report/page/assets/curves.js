// What was measured, on the axis of the lanes.

// panels are what is drawn together; dash and width tell lines apart where colours do not. A panel without a top has that of its curves, and at least its least: what is
// next to nothing should look like it.
const panels = [
  { title: 'Loudness', curves: ['loudness_momentary', 'loudness_short_term', 'loudness_integrated'], names: ['M', 'S', 'I'], floor: -60, top: 0, tall: true },
  { title: 'Peak', curves: ['peak'], names: ['peak'], floor: -60, top: 3 },
  { title: 'Luma', curves: ['luma'], names: ['luma'], floor: 0, top: 255 },
  { title: 'Motion', curves: ['motion'], names: ['motion'], floor: 0, least: 4 },
  { title: 'Blockiness', curves: ['blockiness'], names: ['blockiness'], floor: 0, least: 0.5 },
  { title: 'Bit rate', curves: ['bit_rate'], names: ['bit rate'], floor: 0 },
];
const strokes = [{ colour: 'c1', width: 1, dash: [] }, { colour: 'c2', width: 1.5, dash: [] }, { colour: 'c3', width: 2, dash: [6, 3] }];

function addCurves(timeline) {
  const { model, view } = timeline;
  for (const panel of panels) {
    const renditions = [...new Set(panel.curves.flatMap((name) => [...(model.curves.get(name)?.keys() || [])]))];
    if (renditions.length > 0) addPanel(timeline, panel, renditions, view);
  }
}

function addPanel(timeline, panel, renditions, view) {
  const { model } = timeline;
  const state = { rendition: renditions[0], top: 0 };
  const here = () => panel.curves.map((name) => model.curves.get(name)?.get(state.rendition));
  const pickTop = () => { state.top = panel.top ?? Math.max(highest(here()), panel.least || 0); };
  pickTop();
  const values = panel.curves.map(() => make('span', { class: 'number' }));
  const legend = make('p', { class: 'legend' });
  panel.names.forEach((name, i) => legend.append(make('span', { class: 'key k' + ((panel.strokes?.[i] ?? (panel.curves.length > 1 ? i : 1)) + 1) }, panel.curves.length > 1 ? name + ' ' : '', values[i])));
  const label = make('div', { class: 'label' }, make('b', { text: panel.title }));
  let row;
  if (renditions.length > 1) {
    const choice = make('select', { 'aria-label': 'Rendition of ' + panel.title, on: { change: () => { state.rendition = choice.value; pickTop(); row.paint(); tell(); } } });
    for (const r of renditions) choice.append(make('option', { value: r, text: r }));
    label.append(choice);
  } else label.append(make('span', { class: 'faint', text: ' ' + renditions[0] }));
  label.append(legend);
  row = timeline.add(label, panel.tall ? 'curve tall' : 'curve', (g, w, h) => drawPanel(g, w, h, view, panel, here(), state.top, model.limits));
  const tell = () => here().forEach((c, i) => { values[i].textContent = c ? valueAt(c, view.cursor) : ''; });
  view.on('cursor', tell);
  tell();
}

// highest is the top of a panel that has none: what is above one point in five hundred does not flatten all others.
function highest(curves) {
  const all = curves.flatMap((c) => (c ? [...c.high].filter((v) => v === v) : [])).sort((a, b) => a - b);
  const most = all[Math.floor((all.length - 1) * 0.998)] || 0;
  return most > 0 ? most * 1.1 : 1;
}

function valueAt(curve, at) {
  const v = (curve.mean || curve.high)[Math.floor(at / curve.step)];
  if (v === undefined || v !== v) return '–';
  const places = Math.abs(v) >= 100 ? 0 : Math.abs(v) >= 1 || v === 0 ? 1 : 2;
  return v.toFixed(places) + ' ' + short(curve.unit);
}

const short = (unit) => (unit.length > 8 ? '' : unit);

function drawPanel(g, width, height, view, panel, curves, top, limits) {
  const y = (v) => 2 + (1 - (clamp(v, panel.floor, top) - panel.floor) / (top - panel.floor)) * (height - 4);
  g.strokeStyle = colours.line;
  g.lineWidth = 1;
  g.font = '10px system-ui, sans-serif';
  g.textBaseline = 'bottom';
  const marks = panel.tall ? [-50, -40, -30, -20, -10] : [panel.floor + (top - panel.floor) / 2];
  g.beginPath();
  for (const v of [panel.floor, top, ...marks]) {
    g.moveTo(0, Math.round(y(v)) + 0.5);
    g.lineTo(width, Math.round(y(v)) + 0.5);
  }
  g.stroke();
  curves.forEach((c, i) => {
    if (c) drawCurve(g, width, view, c, y, strokes[panel.strokes?.[i] ?? (panel.curves.length > 1 ? i : 1)], panel.curves.length === 1);
  });
  g.fillStyle = colours.faint;
  g.strokeStyle = colours.ground;
  g.lineWidth = 3;
  g.lineJoin = 'round';
  for (const v of marks) { // a figure that a curve runs through can still be read
    g.strokeText(String(+v.toPrecision(2)), 2, y(v) - 1);
    g.fillText(String(+v.toPrecision(2)), 2, y(v) - 1);
  }
  g.lineWidth = 1;
  for (const l of limits) {
    if (!panel.curves.includes(l.curve)) continue;
    g.strokeStyle = g.fillStyle = colours.ink;
    g.setLineDash([2, 3]);
    g.beginPath();
    g.moveTo(0, Math.round(y(l.value)) + 0.5);
    g.lineTo(width, Math.round(y(l.value)) + 0.5);
    g.stroke();
    g.setLineDash([]);
    const text = `${l.label} ${l.value}`, above = y(l.value) > 14;
    g.fillText(text, width - g.measureText(text).width - 4, y(l.value) + (above ? -1 : 12));
  }
}

// drawCurve draws, for each pixel, what lies between the least and the greatest value within it, and the line of the means over it.
function drawCurve(g, width, view, curve, y, stroke, band) {
  const step = curve.step, mean = curve.mean || curve.high;
  const first = Math.max(Math.floor(view.from / step) - 1, 0), last = Math.min(Math.ceil(view.to / step) + 1, mean.length);
  const bundle = Math.max(Math.floor((view.length / step) / (width * 2)), 1);
  g.strokeStyle = g.fillStyle = colours[stroke.colour];
  const line = new Path2D();
  let pen = false;
  g.globalAlpha = 0.28;
  for (let i = first - (first % bundle); i < last; i += bundle) {
    let low = Infinity, high = -Infinity, sum = 0, n = 0;
    for (let k = i; k < Math.min(i + bundle, mean.length); k++) {
      if (mean[k] !== mean[k]) continue;
      low = Math.min(low, curve.low[k]);
      high = Math.max(high, curve.high[k]);
      sum += mean[k];
      n++;
    }
    if (n === 0) {
      pen = false;
      continue;
    }
    const from = view.x(i * step, width), to = view.x((i + bundle) * step, width);
    if (band && high > low) g.fillRect(from, y(high), Math.max(to - from, 1), Math.max(y(low) - y(high), 1));
    const at = (from + to) / 2, level = y(sum / n);
    if (pen) line.lineTo(at, level);
    else line.moveTo(at - 0.5, level), line.lineTo(at, level);
    pen = true;
  }
  g.globalAlpha = 1;
  g.lineWidth = stroke.width;
  g.setLineDash(stroke.dash);
  g.stroke(line);
  g.setLineDash([]);
  g.lineWidth = 1;
}
