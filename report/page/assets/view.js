// The piece of time that is looked at. All rows that show time share one.

class View {
  constructor(duration) {
    this.duration = duration > 0 ? duration : 1;
    this.from = 0;
    this.to = this.duration;
    this.cursor = 0;
    this.playhead = null;
    this.selected = null;
    this.listeners = { range: [], cursor: [], select: [], seek: [] };
    this.due = new Set();
  }

  on(what, f) { this.listeners[what].push(f); }

  // tell calls whoever listens, once a frame however often something changes.
  tell(what) {
    if (this.due.size === 0) {
      requestAnimationFrame(() => {
        const due = [...this.due];
        this.due.clear();
        for (const w of due) for (const f of this.listeners[w]) f();
      });
    }
    this.due.add(what);
  }

  get length() { return this.to - this.from; }

  get whole() { return this.length >= this.duration * 0.9999; }

  // shortest is the most that one can zoom in: two frames of a slow film, or a thousandth of something shorter.
  get shortest() { return Math.min(0.08, this.duration / 1000) || 0.001; }

  show(from, length) {
    length = clamp(length, this.shortest, this.duration);
    from = clamp(from, 0, this.duration - length);
    if (from === this.from && from + length === this.to) return;
    this.from = from;
    this.to = from + length;
    this.tell('range');
  }

  zoom(factor, at = this.cursor) {
    if (at < this.from || at > this.to) at = this.from + this.length / 2;
    const length = clamp(this.length * factor, this.shortest, this.duration);
    this.show(at - ((at - this.from) / this.length) * length, length);
  }

  pan(seconds) { this.show(this.from + seconds, this.length); }

  fit() { this.show(0, this.duration); }

  // reveal brings a time into sight, if it is not.
  reveal(start, end = start) {
    if (start >= this.from && end <= this.to) return;
    const length = Math.max(this.length, Math.min((end - start) * 1.5, this.duration));
    this.show((start + end) / 2 - length / 2, length);
  }

  point(at) {
    this.cursor = clamp(at, 0, this.duration);
    this.tell('cursor');
  }

  select(finding, quietly = false) {
    this.selected = finding;
    this.tell('select');
    this.tell('range');
    if (!finding) return;
    this.reveal(finding.start, Math.min(finding.end, finding.start + this.length));
    this.point(finding.start);
    if (!quietly) this.seek(finding.start);
  }

  // seek asks a player, if there is one, to go there.
  seek(at) {
    this.point(at);
    this.wanted = at;
    this.tell('seek');
  }

  x(at, width) { return ((at - this.from) / this.length) * width; }

  at(x, width) { return this.from + (x / width) * this.length; }
}

// Row is a strip of pixels that shows the view. It is drawn when it can be seen.
class Row {
  constructor(timeline, plot, draw) {
    Object.assign(this, { timeline, plot, draw, seen: false });
    for (const old of plot.querySelectorAll('svg, canvas')) old.remove();
    this.canvas = make('canvas', { 'aria-hidden': 'true' });
    plot.append(this.canvas);
    plot.row = this;
    timeline.rows.push(this);
    timeline.sight.observe(plot);
  }

  paint() {
    if (!this.seen) return;
    const width = this.plot.clientWidth, height = this.plot.clientHeight, scale = devicePixelRatio || 1;
    const w = Math.round(width * scale), h = Math.round(height * scale);
    if (this.canvas.width !== w || this.canvas.height !== h) {
      this.canvas.width = w;
      this.canvas.height = h;
    }
    const g = this.canvas.getContext('2d');
    g.setTransform(scale, 0, 0, scale, 0, 0);
    g.clearRect(0, 0, width, height);
    if (width > 0) this.draw(g, width, height);
  }

  // hide gives the memory of the pixels back.
  hide() {
    this.seen = false;
    this.canvas.width = this.canvas.height = 0;
  }
}

// steer lets mouse, touch and keyboard move a view. Plots are the elements that show time, all equally wide and in one column; pick is told of a click.
function steer(root, view, pick) {
  const fingers = new Map();
  let moved = 0, pinch = 0;
  const plotOf = (event) => event.target.closest('.plot');
  const timeOf = (plot, x) => {
    const box = plot.getBoundingClientRect();
    return view.at(x - box.left, box.width);
  };
  const spread = () => {
    const [a, b] = [...fingers.values()];
    return { length: Math.max(Math.hypot(a.x - b.x, a.y - b.y), 10), x: (a.x + b.x) / 2 };
  };
  root.addEventListener('pointerdown', (e) => {
    const plot = plotOf(e);
    if (!plot || (e.pointerType === 'mouse' && e.button !== 0)) return;
    fingers.set(e.pointerId, { x: e.clientX, y: e.clientY, plot });
    if (fingers.size === 1) moved = 0;
    if (fingers.size === 2) pinch = spread().length;
    plot.setPointerCapture(e.pointerId);
  });
  root.addEventListener('pointermove', (e) => {
    const plot = plotOf(e), finger = fingers.get(e.pointerId);
    if (!finger) {
      if (plot && e.pointerType === 'mouse') view.point(timeOf(plot, e.clientX));
      return;
    }
    const dx = e.clientX - finger.x;
    moved = Math.max(moved, Math.abs(dx) + Math.abs(e.clientY - finger.y));
    if (fingers.size === 2) {
      finger.x = e.clientX;
      finger.y = e.clientY;
      const now = spread();
      view.zoom(pinch / now.length, timeOf(finger.plot, now.x));
      pinch = now.length;
      moved = 100;
    } else if (moved > 4) {
      finger.x = e.clientX;
      finger.y = e.clientY;
      view.pan((-dx / finger.plot.clientWidth) * view.length);
    }
  });
  const release = (e) => {
    const finger = fingers.get(e.pointerId);
    fingers.delete(e.pointerId);
    if (!finger || e.type !== 'pointerup' || moved > 4) return;
    pick(finger.plot, timeOf(finger.plot, e.clientX), e.clientX - finger.plot.getBoundingClientRect().left);
  };
  root.addEventListener('pointerup', release);
  root.addEventListener('pointercancel', release);
  root.addEventListener('wheel', (e) => {
    const plot = plotOf(e);
    if (!plot) return;
    const sideways = e.shiftKey ? e.deltaX || e.deltaY : Math.abs(e.deltaX) > Math.abs(e.deltaY) ? e.deltaX : 0;
    if (sideways) {
      if (view.whole) return;
      e.preventDefault();
      view.pan((sideways / plot.clientWidth) * view.length);
    } else if (e.ctrlKey || e.metaKey || plot.closest('.axis')) { // else the page scrolls, as it does everywhere
      e.preventDefault();
      view.zoom(Math.exp(clamp(e.deltaY * (e.deltaMode ? 30 : 1), -300, 300) / 300), timeOf(plot, e.clientX));
    }
  }, { passive: false });
}

// keys moves a view from the keyboard; step goes to the next finding or the one before.
function keys(e, view, step) {
  const tenth = view.length / (e.shiftKey ? 2 : 20);
  const move = (to) => {
    view.point(to);
    view.reveal(view.cursor);
  };
  const actions = {
    ArrowLeft: () => move(view.cursor - tenth), ArrowRight: () => move(view.cursor + tenth),
    ArrowUp: () => step(-1), ArrowDown: () => step(1),
    PageUp: () => { view.pan(-view.length); view.point(view.cursor - view.length); }, PageDown: () => { view.pan(view.length); view.point(view.cursor + view.length); },
    '+': () => view.zoom(0.5), '=': () => view.zoom(0.5), '-': () => view.zoom(2), 0: () => view.fit(),
    Home: () => move(0), End: () => move(view.duration), Enter: () => view.seek(view.cursor),
  };
  const action = actions[e.key];
  if (!action || e.altKey || e.ctrlKey || e.metaKey) return;
  e.preventDefault();
  action();
}
