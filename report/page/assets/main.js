// What happens when the page is there, and when there is more of it.

function readData() { return JSON.parse(document.getElementById('data').textContent); }

// running is what the page is doing; ended stops its listeners at what outlives it.
let running = null;

function startCheck(before) {
  const model = understand(readData());
  const view = new View(model.duration);
  const ended = new AbortController();
  const timeline = startTimeline(document.getElementById('timeline'), model, view);
  const scroll = document.getElementById('findings');
  const table = scroll && new Table(scroll, document.getElementById('filter'), model, view);
  showDetail(document.getElementById('detail'), model, view, (d) => timeline.step(d));
  const player = document.getElementById('player');
  if (player) startPlayer(player, model, view, ended.signal, Boolean(before));
  const go = () => {
    const f = model.byKey.get(keyInAddress());
    if (f && f !== view.selected) view.select(f, !player);
  };
  if (before) resume(before, view, table, model);
  else go();
  view.on('select', () => {
    if (view.selected && view.selected.key !== keyInAddress()) history.replaceState(null, '', linkTo(view.selected));
  });
  window.addEventListener('hashchange', go, { signal: ended.signal });
  linkTimes(view);
  addPicked(view);
  return { model, view, timeline, table, ended };
}

// addPicked says above the timeline what is selected: on a small screen the rest about it is far below.
function addPicked(view) {
  const detail = document.getElementById('detail');
  const picked = make('button', { type: 'button', class: 'link picked', hidden: true, title: 'Go to what is known about it', on: { click: () => detail.scrollIntoView({ block: 'nearest' }) } });
  document.getElementById('timeline-tools').before(picked);
  const draw = () => {
    const f = view.selected;
    picked.hidden = !f;
    if (f) picked.replaceChildren(make('span', { class: 'sev ' + severities[f.severity], 'aria-hidden': 'true' }), `${severities[f.severity]} `, bdi(f.code), ` ${f.where} · `, bdi(f.message));
  };
  view.on('select', draw);
  draw();
}

// keyInAddress is the finding that the address names: what follows #f=.
function keyInAddress() {
  try {
    const fragment = decodeURIComponent(location.hash.slice(1));
    return fragment.startsWith('f=') ? fragment.slice(2) : '';
  } catch {
    return '';
  }
}

// linkTimes makes times elsewhere on the page go there.
function linkTimes(view) {
  for (const time of document.querySelectorAll('time[data-at]')) {
    const at = Number(time.dataset.at);
    time.replaceWith(make('button', { type: 'button', class: 'link', text: time.textContent, on: { click: () => { view.reveal(at); view.seek(at); } } }));
  }
}

function startTimeline(root, model, view) {
  const timeline = new Timeline(root, model, view);
  addCurves(timeline);
  addStrip(timeline);
  root.querySelector('.tools')?.replaceChildren(...zoomTools(view));
  return timeline;
}

// startCompare puts two timelines on one view, and the curves of both into the same panels.
function startCompare() {
  const raw = readData();
  const a = understand(raw.a), b = understand(raw.b);
  const view = new View(Math.max(a.duration, b.duration));
  const roots = [...document.querySelectorAll('#timelines [data-side]')];
  [a, b].forEach((model, i) => new Timeline(roots[i], model, view));
  roots[0].querySelector('.tools').replaceChildren(...zoomTools(view));
  addBoth(a, b, view);
  linkTimes(view);
  return { view };
}

// compared are the curves that are shown of two checks.
const compared = ['loudness_short_term', 'peak', 'luma', 'motion', 'blockiness', 'bit_rate'];

function addBoth(a, b, view) {
  const both = { curves: new Map(), limits: [], groups: [], findings: [], markers: [] };
  const root = document.getElementById('curves');
  const timeline = new Timeline(root, both, view);
  for (const name of compared) {
    const panel = panels.find((p) => p.curves.includes(name));
    const renditions = [...new Set([a, b].flatMap((m) => [...(m.curves.get(name)?.keys() || [])]))];
    if (renditions.length === 0) continue;
    root.hidden = false;
    both.curves.set('A ' + name, a.curves.get(name) || new Map());
    both.curves.set('B ' + name, b.curves.get(name) || new Map());
    const title = panel.tall ? 'Loudness, short-term' : panel.title;
    addPanel(timeline, { ...panel, title, curves: ['A ' + name, 'B ' + name], names: ['A', 'B'], strokes: [1, 2] }, renditions, view);
  }
}

// follow fetches the page anew when something has happened to a live check, and now and then because time has passed.
function follow(address) {
  let timer = 0;
  const soon = (wait) => {
    clearTimeout(timer);
    timer = setTimeout(refresh, wait);
  };
  const news = address ? new EventSource(address) : null;
  news?.addEventListener('finding', () => soon(1000));
  news?.addEventListener('message', () => soon(1000));
  const refresh = async () => {
    if (document.hidden || document.activeElement?.closest?.('.waive') || document.querySelector('dialog[open]')) return soon(5000);
    try {
      const answer = await fetch(location.pathname + location.search, { headers: { Accept: 'text/html' } });
      if (answer.ok) replace(new DOMParser().parseFromString(await answer.text(), 'text/html'));
    } catch { /* the next time */ }
    if (running.model.raw.live) soon(30000);
    else news?.close();
  };
  soon(30000);
}

// replace puts a newer page in the place of this one; the player goes on playing, and the reader stays where they are.
function replace(page) {
  const fresh = page.getElementById('main'), data = page.getElementById('data');
  if (!fresh || !data || !page.body.classList.contains('page-check')) return;
  const before = { ...running, focus: document.activeElement?.id, scroll: running.table?.scroll.scrollTop || 0 };
  running.ended.abort();
  const player = document.getElementById('player');
  if (player) fresh.querySelector('#player')?.replaceWith(player);
  document.getElementById('data').textContent = data.textContent;
  document.title = page.title;
  document.getElementById('main').replaceChildren(...fresh.childNodes);
  running = startCheck(before);
  if (before.focus) document.getElementById(before.focus)?.focus({ preventScroll: true });
}

function resume(before, view, table, model) {
  const old = before.view;
  if (!old.whole) view.show(old.from, old.length);
  view.point(old.cursor);
  view.playhead = old.playhead;
  if (old.selected) {
    view.selected = model.byKey.get(old.selected.key) || null;
    view.tell('select');
  }
  if (!table || !before.table) return;
  Object.assign(table, { filter: before.table.filter, sort: before.table.sort, backwards: before.table.backwards });
  table.showFilter();
  table.apply();
  table.scroll.scrollTop = before.scroll;
}

function start() {
  document.documentElement.classList.add('scripted');
  readColours();
  running = document.body.classList.contains('page-check') ? startCheck() : startCompare();
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => { readColours(); running.view.tell('range'); });
  if (running.model?.raw.live) follow(running.model.raw.events);
  requestAnimationFrame(() => requestAnimationFrame(() => {
    performance.mark('aircheck-ready');
    performance.measure('aircheck', { start: 0, end: 'aircheck-ready' });
    document.documentElement.dataset.ready = 'true';
  }));
}

start();
