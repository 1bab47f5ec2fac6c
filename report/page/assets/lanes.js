// The timeline: an axis, a lane for each detector that found something, and what was not analysed.

// heights tells severities apart by more than their colour, as the glyphs do.
const heights = [2, 6, 10, 14];
const glyphs = ['', 'i', '!', '×'];
const narrowest = 3;

class Timeline {
  constructor(root, model, view) {
    Object.assign(this, { root, model, view, rows: [] });
    this.lanes = root.querySelector('.lanes');
    this.sight = new IntersectionObserver((entries) => {
      for (const e of entries) {
        const row = e.target.row;
        if (!e.isIntersecting) row.hide();
        else {
          row.seen = true;
          row.paint();
        }
      }
    }, { rootMargin: '200px' });
    this.addAxis();
    for (const node of this.lanes.querySelectorAll('.lane[data-group]')) {
      const lane = model.groups[node.dataset.group]?.lanes[node.dataset.lane];
      if (!lane) continue;
      const row = new Row(this, node.querySelector('.plot'), (g, w, h) => drawLane(g, w, h, view, lane));
      row.lane = lane;
    }
    this.line = make('div', { class: 'cursor', 'aria-hidden': 'true' });
    this.head = make('div', { class: 'playhead', 'aria-hidden': 'true' });
    this.lanes.append(this.line, this.head);
    view.on('range', () => { this.paint(); this.place(); });
    view.on('cursor', () => this.place());
    new ResizeObserver(() => { this.paint(); this.place(); }).observe(this.lanes);
    window.addEventListener('beforeprint', () => { // paper has no sight to scroll into
      for (const row of this.rows) row.seen = true;
      this.paint();
    });
    this.lanes.addEventListener('pointermove', (e) => this.hint(e));
    steer(this.lanes, view, (plot, at, x) => this.pick(plot, at, x));
  }

  // addAxis puts the time above the lanes. It is what the keyboard steers.
  addAxis() {
    const view = this.view;
    this.readout = make('output', { class: 'readout', text: clock(0) });
    this.axis = make('div', {
      class: 'plot', tabindex: '0', role: 'slider', 'aria-label': 'Time. Arrows move and go to findings, plus and minus zoom, Enter plays from here', 'aria-valuemin': '0', 'aria-valuemax': String(view.duration),
      'aria-orientation': 'horizontal',
      on: { keydown: (e) => keys(e, view, (d) => this.step(d)) },
    });
    const lane = make('div', { class: 'lane axis' }, make('div', { class: 'label' }, this.readout), this.axis);
    this.lanes.prepend(lane);
    new Row(this, this.axis, (g, w, h) => drawAxis(g, w, h, view, this.model.markers));
  }

  // add puts another row below the lanes.
  add(label, kind, draw) {
    const plot = make('div', { class: 'plot' });
    this.lanes.append(make('div', { class: 'lane ' + kind }, label, plot));
    return new Row(this, plot, draw);
  }

  paint() { for (const row of this.rows) row.paint(); }

  // place moves the lines of cursor and player, which costs no drawing.
  place() {
    const view = this.view, width = this.axis.clientWidth, left = this.axis.offsetLeft;
    for (const [node, at] of [[this.line, view.cursor], [this.head, view.playhead]]) {
      const x = at === null ? -1 : view.x(at, width);
      node.hidden = x < 0 || x > width;
      node.style.transform = `translateX(${left + x}px)`;
    }
    this.readout.textContent = clock(view.cursor);
    this.axis.setAttribute('aria-valuenow', view.cursor.toFixed(3));
    this.axis.setAttribute('aria-valuetext', this.say());
    Object.assign(this.axis.dataset, { from: view.from, to: view.to });
  }

  // hint says what is under the mouse: a finding, or why something was not analysed.
  hint(e) {
    const plot = e.target.closest('.plot'), lane = plot?.row?.lane;
    if (!lane || e.pointerType !== 'mouse') return;
    const x = e.clientX - plot.getBoundingClientRect().left, at = this.view.at(x, plot.clientWidth);
    const f = findingAt(lane, this.view, x, plot.clientWidth), hole = lane.holes.find((h) => h.start <= at && at < h.end);
    plot.title = f ? `${severities[f.severity]} ${f.code}: ${f.message}` : hole ? `${hole.state}${hole.reason && ': '}${hole.reason}` : '';
  }

  // say tells what stands at the cursor.
  say() {
    const at = this.view.cursor;
    const here = this.model.findings.filter((f) => f.start <= at && at < f.end).slice(0, 4);
    return [clock(at), ...here.map((f) => `${severities[f.severity]} ${f.code} ${f.where}`)].join(', ');
  }

  // step selects the next finding after the cursor, or the one before.
  step(direction) {
    const sorted = this.sorted ||= [...this.model.findings].sort((a, b) => a.start - b.start || a.index - b.index);
    let i = sorted.indexOf(this.view.selected);
    if (i >= 0) i += direction;
    else {
      i = sorted.findIndex((f) => f.start > this.view.cursor);
      if (i < 0) i = sorted.length;
      if (direction < 0) i--;
    }
    if (sorted[i]) this.view.select(sorted[i]);
  }

  pick(plot, at, x) {
    this.axis.focus({ preventScroll: true });
    const lane = plot.row?.lane;
    const hit = lane && findingAt(lane, this.view, x, plot.clientWidth);
    if (hit) this.view.select(hit);
    else this.view.seek(at);
  }
}

// findingAt is the worst and then the shortest finding under a point, with some room for fingers.
function findingAt(lane, view, x, width) {
  let best = null;
  for (const f of lane.findings) {
    const from = view.x(f.start, width) - 4, to = Math.max(view.x(f.end, width), from + narrowest) + 4;
    if (x < from || x > to) continue;
    if (!best || f.severity > best.severity || (f.severity === best.severity && f.end - f.start < best.end - best.start)) best = f;
  }
  return best;
}

function drawLane(g, width, height, view, lane) {
  g.fillStyle = lane.covered ? colours.clean : colours.line;
  const left = Math.max(view.x(0, width), 0), right = Math.min(view.x(lane.until || view.duration, width), width);
  if (right > left) g.fillRect(left, height - 2, right - left, 1);
  for (const h of lane.holes) {
    const from = Math.max(view.x(h.start, width), 0), to = Math.min(view.x(h.end, width), width);
    if (to <= 0 || from >= width) continue;
    g.fillStyle = colours.ground;
    g.fillRect(from, 0, Math.max(to - from, 1), height);
    g.fillStyle = colours.hatch[h.state] || colours.hatch.failed;
    g.fillRect(from, 0, Math.max(to - from, 1), height);
  }
  drawFindings(g, width, height, view, lane.findings);
}

// drawFindings draws the least severe first. What falls on pixels that one of its kind has filled is not drawn again: thousands of findings cost no more than there are pixels.
function drawFindings(g, width, height, view, findings) {
  for (let severity = 1; severity <= 3; severity++) {
    let filled = -1;
    for (const f of findings) {
      if (f.severity !== severity) continue;
      const from = startOf(f, view, width), to = Math.max(view.x(f.end, width), from + narrowest);
      if (to < 0 || from > width || (to <= filled && !f.waiver)) continue;
      if (!f.waiver) filled = Math.max(filled, to);
      drawFinding(g, height, f, Math.max(from, -2), Math.min(to, width + 2));
    }
  }
  const f = view.selected;
  if (!f || !findings.includes(f)) return;
  const from = startOf(f, view, width);
  outline(g, height, from, Math.max(view.x(f.end, width), from + narrowest));
}

// startOf is where a finding is drawn from: one at the very end must be seen, too.
function startOf(f, view, width) {
  const x = view.x(f.start, width);
  return f.start >= view.duration - ((narrowest / width) * view.length) ? Math.min(x, view.x(view.duration, width) - narrowest) : x;
}

function drawFinding(g, height, f, from, to) {
  const tall = Math.round((heights[f.severity] / 18) * height), top = height - 2 - tall;
  g.fillStyle = g.strokeStyle = colours[severities[f.severity]];
  if (f.waiver) { // greyed: an outline
    g.strokeStyle = colours.waived;
    g.strokeRect(from + 0.5, top + 0.5, Math.max(to - from - 1, 1), tall - 1);
    return;
  }
  g.fillRect(from, top, to - from, tall);
  if (to - from < 12 || f.severity < 2) return;
  g.fillStyle = colours.ground;
  g.font = 'bold 10px system-ui, sans-serif';
  g.textBaseline = 'middle';
  g.fillText(glyphs[f.severity], Math.max(from, 0) + 4, top + tall / 2 + 0.5);
}

function outline(g, height, from, to) {
  g.strokeStyle = colours.ink;
  g.lineWidth = 1.5;
  g.strokeRect(from - 1.5, 1, to - from + 3, height - 2);
  g.lineWidth = 1;
}

// steps are the distances of marks on an axis, in seconds.
const steps = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 21600, 43200, 86400];

function drawAxis(g, width, height, view, markers) {
  for (const m of markers) {
    const from = view.x(m.start, width), to = Math.max(view.x(m.end, width), from + 2);
    if (to < 0 || from > width) continue;
    g.fillStyle = colours.marker;
    g.fillRect(from, height - 7, to - from, 5);
  }
  const step = steps.find((s) => (s / view.length) * width >= 74) || steps[steps.length - 1];
  const places = step >= 1 ? 0 : step >= 0.1 ? 1 : step >= 0.01 ? 2 : 3;
  g.strokeStyle = colours.line;
  g.fillStyle = colours.faint;
  g.font = '11px system-ui, sans-serif';
  g.textBaseline = 'top';
  g.beginPath();
  for (let i = Math.ceil(view.from / step), n = 0; i * step <= view.to && n < 1000; i++, n++) {
    const x = Math.round(view.x(i * step, width)) + 0.5;
    g.moveTo(x, height - 6);
    g.lineTo(x, height);
    const text = clock(i * step, places);
    if (x + g.measureText(text).width + 3 < width) g.fillText(text, x + 3, 3);
  }
  g.moveTo(0, height - 0.5);
  g.lineTo(width, height - 0.5);
  g.stroke();
}

// drawOverview shows all of the time in one lane, with the part that the view shows.
function drawOverview(g, width, height, view, model) {
  const all = { duration: view.duration, from: 0, to: view.duration, length: view.duration, selected: view.selected, x: (at, w) => (at / view.duration) * w };
  g.fillStyle = colours.clean;
  g.fillRect(0, height - 2, width, 1);
  for (const group of model.groups) {
    for (const lane of group.lanes) {
      if (lane.kind === 'gap') drawLane(g, width, height, all, { holes: lane.holes, findings: [], covered: true });
    }
  }
  // What holds for all of the time is a line at the top: as a bar it would hide where the others are.
  const always = (f) => f.end - f.start >= view.duration * 0.95;
  const worst = model.findings.reduce((s, f) => (always(f) && !f.waiver ? Math.max(s, f.severity) : s), 0);
  drawFindings(g, width, height, all, model.findings.filter((f) => !always(f)));
  if (worst > 0) {
    g.fillStyle = colours[severities[worst]];
    g.fillRect(0, 0, width, worst);
  }
  if (view.whole) return;
  g.fillStyle = colours.accent;
  g.globalAlpha = 0.14;
  g.fillRect(all.x(view.from, width), 0, Math.max(all.x(view.length, width), 2), height);
  g.globalAlpha = 1;
  g.fillRect(all.x(view.from, width), 0, 1, height);
  g.fillRect(all.x(view.to, width) - 1, 0, 1, height);
}

// zoomTools are buttons for those who have neither a wheel nor two fingers.
function zoomTools(view) {
  const button = (text, label, f) => make('button', { type: 'button', class: 'quiet', text, 'aria-label': label, title: label, on: { click: f } });
  return [
    make('span', { class: 'hint', text: 'drag pans · Ctrl + wheel zooms · ↑ ↓ findings' }),
    button('−', 'Zoom out', () => view.zoom(2)), button('+', 'Zoom in', () => view.zoom(0.5)), button('All', 'Show all of the time', () => view.fit()),
  ];
}
