// The table of findings: filtered, sorted, and only as many rows as are in sight.

const order = {
  severity: (a, b) => b.severity - a.severity || a.start - b.start,
  code: (a, b) => compareText(a.code, b.code) || a.start - b.start,
  where: (a, b) => compareText(a.where, b.where) || a.start - b.start,
  start: (a, b) => a.start - b.start || b.severity - a.severity,
  length: (a, b) => b.end - b.start - (a.end - a.start),
  value: (a, b) => (b.number ?? -Infinity) - (a.number ?? -Infinity),
};
// greatestFirst are the columns that begin with what is worst.
const greatestFirst = new Set(['severity', 'length', 'value']);
const compareText = (a, b) => (a < b ? -1 : a > b ? 1 : 0);

// spare is how many rows are kept above and below what is in sight.
const spare = 12;

class Table {
  constructor(scroll, tools, model, view) {
    Object.assign(this, { scroll, model, view, sort: 'severity', backwards: false, filter: { text: '', severity: 0, code: '', where: '' } });
    this.body = scroll.querySelector('tbody');
    this.table = scroll.querySelector('table');
    this.table.classList.add('windowed');
    this.above = make('tr', { class: 'room', 'aria-hidden': 'true' });
    this.below = make('tr', { class: 'room', 'aria-hidden': 'true' });
    this.count = make('output', { class: 'count', 'aria-live': 'polite' });
    this.addTools(tools);
    this.addSorting();
    scroll.addEventListener('scroll', () => requestAnimationFrame(() => this.draw()), { passive: true });
    new ResizeObserver(() => this.measure()).observe(scroll);
    this.body.addEventListener('click', (e) => this.clicked(e));
    this.body.addEventListener('keydown', (e) => this.key(e));
    view.on('select', () => this.follow());
    this.apply();
  }

  addTools(tools) {
    const { model, filter } = this;
    const set = (name) => (e) => { filter[name] = name === 'severity' ? Number(e.target.value) : e.target.value; this.apply(); };
    const choice = (name, label, options) => make('select', { 'aria-label': label, id: 'filter-' + name, on: { change: set(name) } },
      ...options.map(([value, text]) => make('option', { value, text })));
    const distinct = (of) => [...new Set(model.findings.map(of))].sort(compareText).map((v) => [v, v]);
    tools.replaceChildren(
      this.count,
      make('input', { type: 'search', id: 'filter-text', placeholder: 'Filter', 'aria-label': 'Filter by text', on: { input: set('text') } }),
      choice('severity', 'Least severity', [['0', 'all severities'], ['2', 'warn and fail'], ['3', 'fail']]),
      choice('code', 'Code', [['', 'all codes'], ...distinct((f) => f.code)]),
      choice('where', 'Rendition', [['', 'everywhere'], ...distinct((f) => f.where)]),
    );
  }

  showFilter() {
    for (const [name, value] of Object.entries(this.filter)) document.getElementById('filter-' + name).value = value;
  }

  addSorting() {
    for (const head of this.table.querySelectorAll('th[data-sort]')) {
      const name = head.dataset.sort;
      const button = make('button', { type: 'button', text: head.textContent, on: { click: () => {
        this.backwards = this.sort === name && !this.backwards;
        this.sort = name;
        this.apply();
      } } });
      head.replaceChildren(button);
    }
  }

  apply() {
    const { text, severity, code, where } = this.filter, words = text.toLowerCase().split(/\s+/).filter(Boolean);
    this.rows = this.model.findings.filter((f) => {
      if (f.severity < severity || (code && f.code !== code) || (where && f.where !== where)) return false;
      if (words.length === 0) return true;
      f.words ||= [f.code, f.where, severities[f.severity], f.message, f.cause, f.evidence, clock(f.start), f.waiver ? 'waived ' + f.waiver.reason : ''].join(' ').toLowerCase();
      return words.every((w) => f.words.includes(w));
    }).sort(order[this.sort]);
    if (this.backwards) this.rows.reverse();
    for (const head of this.table.querySelectorAll('th[data-sort]')) {
      head.setAttribute('aria-sort', head.dataset.sort !== this.sort ? 'none' : this.backwards !== greatestFirst.has(this.sort) ? 'descending' : 'ascending');
    }
    const all = this.model.findings.length;
    this.count.textContent = this.rows.length === all ? `${all}` : `${this.rows.length} of ${all}`;
    this.table.setAttribute('aria-rowcount', String(this.rows.length + 1));
    this.drawn = null;
    this.measure();
  }

  // measure finds out how tall a row is: all are equally so.
  measure() {
    if (!this.height || this.width !== this.scroll.clientWidth) {
      this.focused ||= this.focusedKey();
      this.width = this.scroll.clientWidth;
      this.body.replaceChildren(...(this.rows[0] ? [this.row(this.rows[0], 0)] : []));
      this.height = this.body.firstElementChild?.offsetHeight || 32;
      this.drawn = null;
    }
    this.draw();
  }

  draw() {
    const head = this.table.tHead.offsetHeight, sight = Math.max(this.scroll.clientHeight, 200);
    const first = clamp(Math.floor((this.scroll.scrollTop - head) / this.height) - spare, 0, Math.max(this.rows.length - 1, 0));
    const last = Math.min(first + Math.ceil(sight / this.height) + 2 * spare, this.rows.length);
    const drawn = `${first}-${last}`;
    if (drawn === this.drawn) return;
    this.drawn = drawn;
    const focused = this.focused || this.focusedKey();
    this.focused = null;
    const rows = this.rows.slice(first, last).map((f, i) => this.row(f, first + i));
    this.above.style.height = `${first * this.height}px`;
    this.below.style.height = `${(this.rows.length - last) * this.height}px`;
    this.body.replaceChildren(this.above, ...rows, this.below);
    if (this.rows.length === 0) this.body.replaceChildren(make('tr', {}, make('td', { colspan: '7', text: 'No finding is like this.' })));
    if (focused) this.link(focused)?.focus({ preventScroll: true });
  }

  row(f, place) {
    const selected = this.view.selected === f;
    const cell = (name, ...children) => make('td', { class: name }, ...children);
    const what = cell('what', bdi(f.message), f.cause && make('span', { class: 'cause', text: f.cause }));
    if (f.waiver) what.append(' ', make('span', { class: 'waiver' }, 'waived: ', bdi(f.waiver.reason)));
    what.title = f.message;
    const row = make('tr', { 'aria-rowindex': String(place + 2), class: [f.waiver && 'waived', selected && 'selected'].filter(Boolean).join(' ') || undefined, 'aria-current': selected && 'true' },
      cell('', make('span', { class: 'sev ' + severities[f.severity], 'aria-hidden': 'true' }), severities[f.severity]),
      cell('', make('a', { href: linkTo(f) }, bdi(f.code))),
      cell('', bdi(f.where)), cell('', make('time', { text: clock(f.start) })), cell('num', span(f.end - f.start)), cell('num', f.value), what);
    row.dataset.key = f.key;
    return row;
  }

  // focusedKey is the finding whose row has the focus; drawing rows anew must not lose it.
  focusedKey() { return this.body.contains(document.activeElement) ? document.activeElement.closest('tr')?.dataset.key : null; }

  link(key) { return [...this.body.rows].find((r) => r.dataset.key === key)?.querySelector('a'); }

  clicked(e) {
    const key = e.target.closest('tr')?.dataset.key;
    if (!key || e.ctrlKey || e.metaKey || e.shiftKey || e.button !== 0) return;
    e.preventDefault();
    this.view.select(this.model.byKey.get(key));
    this.link(key)?.focus({ preventScroll: true });
  }

  key(e) {
    const by = { ArrowDown: 1, ArrowUp: -1 }[e.key];
    const key = e.target.closest('tr')?.dataset.key;
    if (!by || !key) return;
    e.preventDefault();
    const next = this.rows[this.rows.findIndex((f) => f.key === key) + by];
    if (!next) return;
    this.view.select(next);
    this.reveal(next);
    this.link(next.key)?.focus({ preventScroll: true });
  }

  // reveal scrolls the table, and never the page.
  reveal(f) {
    const place = this.rows.indexOf(f);
    if (place < 0) return;
    const head = this.table.tHead.offsetHeight, top = place * this.height;
    if (top < this.scroll.scrollTop) this.scroll.scrollTop = top;
    else if (top + this.height + head > this.scroll.scrollTop + this.scroll.clientHeight) this.scroll.scrollTop = top + this.height + head - this.scroll.clientHeight;
    this.draw();
  }

  follow() {
    if (this.view.selected) this.reveal(this.view.selected);
    for (const row of this.body.rows) {
      const selected = row.dataset.key === this.view.selected?.key;
      row.classList.toggle('selected', selected);
      if (selected) row.setAttribute('aria-current', 'true');
      else row.removeAttribute('aria-current');
    }
  }
}

const linkTo = (f) => '#f=' + encodeURIComponent(f.key);
