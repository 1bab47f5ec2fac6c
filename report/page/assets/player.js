// The player, with the findings of all of the time below it.

function startPlayer(section, model, view, signal, again) {
  const video = section.querySelector('video');
  for (const old of section.querySelectorAll('.plot, .faint')) old.remove();
  const plot = make('div', { class: 'plot overview', title: 'Findings over all of the time' });
  section.append(plot);
  overview(plot, model, view);
  const note = make('p', { class: 'faint', role: 'status', hidden: true });
  section.append(note);
  if (!again) load(video, model, (why) => { note.textContent = why; note.hidden = false; });
  const head = make('div', { class: 'playhead', 'aria-hidden': 'true' });
  plot.append(head);
  const tell = () => {
    const inSight = view.playhead !== null && view.playhead >= view.from && view.playhead <= view.to;
    view.playhead = video.currentTime;
    head.style.transform = `translateX(${clamp(video.currentTime / view.duration, 0, 1) * plot.clientWidth}px)`;
    if (!video.paused && inSight && video.currentTime > view.to) view.show(video.currentTime, view.length);
    view.tell('cursor');
  };
  video.addEventListener('timeupdate', tell, { signal });
  video.addEventListener('seeked', tell, { signal });
  view.on('seek', () => { if (video.error === null) video.currentTime = view.wanted; });
}

// load plays what the browser plays, and HLS with hls.js where the site has it.
function load(video, model, complain) {
  const sorry = 'This browser cannot play the stream; everything else works.';
  const hls = /mpegurl/i.test(video.dataset.type || '');
  if (hls && model.raw.hls && !video.canPlayType('application/vnd.apple.mpegurl')) {
    const source = video.getAttribute('src');
    video.removeAttribute('src');
    const script = make('script', { src: model.raw.hls, on: { load: () => {
      if (!window.Hls?.isSupported()) {
        complain(sorry);
        return;
      }
      const player = new window.Hls({ enableWorker: false, startPosition: 0 });
      player.on(window.Hls.Events.ERROR, (_, e) => { if (e.fatal) complain(sorry); });
      player.loadSource(source);
      player.attachMedia(video);
    }, error: () => complain(sorry) } });
    document.head.append(script);
    return;
  }
  if (video.error) complain(sorry);
  video.addEventListener('error', () => complain(sorry));
}

// overview is a lane of all of the time: a click goes there.
function overview(plot, model, view) {
  const rows = { rows: [], sight: { observe() {} } };
  const row = new Row(rows, plot, (g, w, h) => drawOverview(g, w, h, view, model));
  row.seen = true;
  const go = (e) => {
    const box = plot.getBoundingClientRect(), at = clamp(((e.clientX - box.left) / box.width) * view.duration, 0, view.duration);
    view.show(at - view.length / 2, view.length);
    view.seek(at);
  };
  plot.addEventListener('click', go);
  view.on('range', () => row.paint());
  new ResizeObserver(() => row.paint()).observe(plot);
}
