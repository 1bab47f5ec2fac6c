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
  const source = new URL(video.getAttribute('src'), location.href);
  const sorry = (trouble) => complain(`${blame(source, trouble)} Everything else on this page works.`);
  const hls = /mpegurl/i.test(video.dataset.type || '');
  if (hls && model.raw.hls && !video.canPlayType('application/vnd.apple.mpegurl')) {
    video.removeAttribute('src');
    const script = make('script', { src: model.raw.hls, on: { load: () => {
      if (!window.Hls?.isSupported()) {
        sorry({ format: true });
        return;
      }
      const player = new window.Hls({ enableWorker: false, startPosition: 0 });
      player.on(window.Hls.Events.ERROR, (_, e) => {
        if (e.fatal) sorry({ format: e.type === 'mediaError', status: e.response?.code, at: e.frag?.url || e.url });
      });
      player.loadSource(source.href);
      player.attachMedia(video);
    }, error: () => sorry({ format: true }) } });
    document.head.append(script);
    return;
  }
  const failed = async () => sorry(await ask(source, video.error));
  if (video.error) failed();
  video.addEventListener('error', failed);
}

// ask finds out what the browser keeps to itself: of an address that cannot be had it says the same as of a format that it does not know.
async function ask(source, error) {
  if (error?.code === MediaError.MEDIA_ERR_DECODE) return { format: true };
  if (source.protocol === 'file:') return {}; // nobody may ask
  const stop = new AbortController();
  try {
    const answer = await fetch(source, { credentials: source.origin === location.origin ? 'same-origin' : 'omit', signal: stop.signal });
    return answer.ok ? { format: true } : { status: answer.status };
  } catch {
    return {};
  } finally {
    stop.abort(); // the head of the answer is all that was asked for
  }
}

// blame says why nothing plays, and what to do.
function blame(source, { format, status, at }) {
  const host = source.host, other = at && new URL(at, source).host;
  if (format) return 'This browser cannot play the stream: it does not know the format, or did not get a part of it. Try another browser, or a player of its own.';
  if (source.protocol === 'file:') return 'The file cannot be played: it is not where it was when it was checked, or this browser does not know its format.';
  if (source.origin === location.origin) {
    return status === 404 || status === 410 ? 'What was archived of this hour is not in the store, or no longer.' : `The archive cannot be read (${status || 'no answer'}): try again in a moment.`;
  }
  // A report keeps an address without the values of its query, for that is where signatures stand.
  if (/^\?(\u2026|%E2%80%A6)$/i.test(source.search)) {
    return `${host} did not give the stream to this page: its address was checked with a signature or a token, which reports do not keep. Play it from where you have its whole address.`;
  }
  if (other && other !== host) return `Parts of the stream lie on ${other}, and this page may read from ${host} alone: play it with a player of its own.`;
  if (status === 401 || status === 403) return `${host} refuses the stream (${status}): the address has expired, or wants a login. Play it from where you have an address that holds.`;
  if (status >= 400) return `${host} does not have the stream any more, or cannot give it (${status}).`;
  if (location.protocol === 'https:' && source.protocol === 'http:') return `Browsers read nothing by HTTP from a page that came by HTTPS: let ${host} serve the stream by HTTPS.`;
  return `This page cannot read from ${host}: this browser does not reach it, it sends on to another host, or it does not allow other sites (CORS: it has to answer with Access-Control-Allow-Origin: ${location.origin}).`;
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
