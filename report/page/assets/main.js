// What happens when the page is there.

function readData() { return JSON.parse(document.getElementById('data').textContent); }

function startCheck() {
  const model = understand(readData());
  const view = new View(model.duration);
  const timeline = startTimeline(document.getElementById('timeline'), model, view);
  const scroll = document.getElementById('findings');
  const table = scroll && new Table(scroll, document.getElementById('filter'), model, view);
  showDetail(document.getElementById('detail'), model, view, (d) => timeline.step(d));
  const player = document.getElementById('player');
  if (player) startPlayer(player, model, view);
  const go = () => {
    const key = decodeURIComponent(location.hash.slice(1));
    const f = key.startsWith('f=') && model.byKey.get(key.slice(2));
    if (f && f !== view.selected) view.select(f, !player);
  };
  view.on('select', () => {
    if (view.selected) history.replaceState(null, '', linkTo(view.selected));
  });
  window.addEventListener('hashchange', go);
  go();
  for (const time of document.querySelectorAll('time[data-at]')) {
    time.replaceWith(make('button', { type: 'button', class: 'link', text: time.textContent, on: { click: () => { view.reveal(Number(time.dataset.at)); view.seek(Number(time.dataset.at)); } } }));
  }
  return { model, view, timeline, table };
}

function startTimeline(root, model, view) {
  const timeline = new Timeline(root, model, view);
  addCurves(timeline);
  addStrip(timeline);
  root.querySelector('.tools')?.replaceChildren(...zoomTools(view));
  return timeline;
}

function start() {
  document.documentElement.classList.add('scripted');
  readColours();
  let page = null;
  if (document.body.classList.contains('page-check')) page = startCheck();
  const dark = matchMedia('(prefers-color-scheme: dark)');
  dark.addEventListener('change', () => { readColours(); page?.view.tell('range'); });
  requestAnimationFrame(() => requestAnimationFrame(() => {
    performance.mark('aircheck-ready');
    performance.measure('aircheck', { start: 0, end: 'aircheck-ready' });
    document.documentElement.dataset.ready = 'true';
  }));
}

start();
