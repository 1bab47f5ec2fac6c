// What the page was made of, and small helpers that everything uses.

performance.mark('aircheck-start');

const severities = ['', 'info', 'warn', 'fail'];

// make builds an element. Text is only ever set as text: names of streams and messages come from outside.
function make(tag, props = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (name === 'text') node.textContent = value;
    else if (name === 'on') for (const [event, f] of Object.entries(value)) node.addEventListener(event, f);
    else if (value !== undefined && value !== false) node.setAttribute(name, value === true ? '' : value);
  }
  node.append(...children.filter((c) => c !== undefined && c !== null && c !== ''));
  return node;
}

// bdi keeps text of another direction from turning what stands around it.
const bdi = (text) => make('bdi', { text });

// clock writes a time as h:mm:ss.mmm; places are the decimals of seconds.
function clock(seconds, places = 3) {
  const scale = 10 ** places;
  let n = Math.round(Math.abs(seconds) * scale);
  const fraction = n % scale;
  n = Math.floor(n / scale);
  const two = (v) => String(v).padStart(2, '0');
  const text = `${Math.floor(n / 3600)}:${two(Math.floor(n / 60) % 60)}:${two(n % 60)}`;
  return (seconds < 0 ? '-' : '') + text + (places > 0 ? '.' + String(fraction).padStart(places, '0') : '');
}

// span writes a length.
function span(seconds) {
  if (seconds < 60) return `${+seconds.toFixed(3)} s`;
  const whole = Math.round(seconds);
  const two = (v) => String(v).padStart(2, '0');
  if (whole < 3600) return `${Math.floor(whole / 60)}:${two(whole % 60)} min`;
  return `${Math.floor(whole / 3600)}:${two(Math.floor(whole / 60) % 60)}:${two(whole % 60)} h`;
}

const clamp = (v, low, high) => Math.min(Math.max(v, low), high);

// points unpacks a row of 16-bit numbers; what was not measured is NaN.
function points(curve, packed) {
  if (!packed) return null;
  const bytes = atob(packed);
  const list = new Float32Array(bytes.length / 2);
  for (let i = 0; i < list.length; i++) {
    const q = bytes.charCodeAt(2 * i) | (bytes.charCodeAt(2 * i + 1) << 8);
    list[i] = q === 65535 ? NaN : q * curve.scale + curve.base;
  }
  return list;
}

// understand turns the data of a check into what the page works with.
function understand(raw) {
  const text = (i) => raw.texts[i || 0];
  const waivers = raw.waivers || [];
  const findings = raw.findings.map((f, index) => ({
    index, key: f.k, code: text(f.c), severity: f.s, rendition: text(f.r), where: text(f.r) || 'stream', start: f.b, end: f.e, number: f.n,
    value: text(f.v), threshold: text(f.t), confidence: f.p, message: text(f.m), cause: text(f.x), evidence: text(f.y), profile: text(f.q),
    waiver: f.w ? waivers[f.w - 1] : null,
  }));
  const groups = raw.groups.map((g) => ({
    rendition: g.rendition,
    lanes: g.lanes.map((l) => ({
      kind: l.kind, label: text(l.label), covered: l.covered, until: l.until,
      findings: (l.findings || []).map((i) => findings[i]).sort((a, b) => a.start - b.start || a.severity - b.severity),
      holes: (l.holes || []).map(([start, end, state, reason]) => ({ start, end, state, reason: text(reason) })),
    })),
  }));
  const curves = new Map();
  for (const c of raw.curves || []) {
    for (const one of c.curves) {
      if (!curves.has(one.name)) curves.set(one.name, new Map());
      const low = points(one, one.low), high = points(one, one.high), mean = points(one, one.mean);
      curves.get(one.name).set(c.rendition, { unit: one.unit, step: c.step, low: low || mean || high, high: high || mean || low, mean });
    }
  }
  const markers = (raw.markers || []).map((k) => ({ start: k.b, end: k.e, kind: text(k.c), text: text(k.m) }));
  return { raw, duration: raw.duration, findings, groups, curves, markers, limits: raw.limits || [], strip: raw.strip, byKey: new Map(findings.map((f) => [f.key, f])) };
}

// Colours are those of the style, so that pictures follow light and dark.
const colours = {};

function readColours() {
  const style = getComputedStyle(document.documentElement);
  for (const name of ['ink', 'faint', 'line', 'ground', 'fail', 'warn', 'info', 'clean', 'hole', 'accent', 'c1', 'c2', 'c3', 'waived', 'marker']) {
    colours[name] = style.getPropertyValue('--' + name).trim();
  }
  colours.hatch = hatch(colours.hole, colours.ground);
}

// hatch is what was not analysed: lines for failed, points for skipped, thin lines for pending.
function hatch(ink) {
  const tile = (draw) => {
    const c = document.createElement('canvas');
    c.width = c.height = 8;
    const g = c.getContext('2d');
    g.strokeStyle = g.fillStyle = ink;
    draw(g);
    return g.createPattern(c, 'repeat');
  };
  const lines = (width) => (g) => {
    g.lineWidth = width;
    g.beginPath();
    for (const d of [-8, 0, 8]) {
      g.moveTo(d - 1, 9);
      g.lineTo(d + 9, -1);
    }
    g.stroke();
  };
  return { failed: tile(lines(2.5)), pending: tile(lines(0.7)), skipped: tile((g) => { g.fillRect(1, 1, 2, 2); g.fillRect(5, 5, 2, 2); }) };
}
