// The film strip: pictures of an absolute grid of time.

function addStrip(timeline) {
  const { model, view } = timeline, strip = model.strip;
  if (!strip) return;
  const label = make('div', { class: 'label' }, make('b', { text: 'Pictures' }));
  const sheets = strip.sheets.map((url) => ({ url, image: null }));
  const row = timeline.add(label, 'strip', (g, w, h) => drawStrip(g, w, h, view, strip, (i) => sheet(sheets[i], row)));
}

// sheet loads a picture when it is first looked at.
function sheet(s, row) {
  if (!s || !s.url) return null;
  if (!s.image) {
    s.image = new Image();
    s.image.decoding = 'async';
    s.image.addEventListener('load', () => row.paint());
    s.image.src = s.url;
  }
  return s.image.complete && s.image.naturalWidth > 0 ? s.image : null;
}

// drawStrip shows every cell, or every second, third …: as many as fit side by side. So a picture stands at its time, however one moves.
function drawStrip(g, width, height, view, strip, sheetOf) {
  const wide = (height * strip.width) / strip.height;
  const apart = (strip.step / view.length) * width;
  const every = clamp(Math.ceil(wide / apart), 1, strip.count);
  const perSheet = strip.columns * strip.rows;
  const first = Math.max(Math.floor((view.from - (wide / width) * view.length) / strip.step), 0);
  for (let i = first - (first % every); i < strip.count; i += every) {
    const x = view.x(i * strip.step, width);
    if (x > width) break;
    const image = sheetOf(Math.floor(i / perSheet));
    if (!image) continue;
    const cell = i % perSheet;
    g.drawImage(image, (cell % strip.columns) * strip.width, Math.floor(cell / strip.columns) * strip.height, strip.width, strip.height, x, 0, wide - 1, height);
  }
}
