// The wall: sorts and filters its rows and keeps them as they are now. The server makes the rows, here they are only put in their places.

const table = document.getElementById("wall");
if (table) start(table);

function start(table) {
  const body = document.getElementById("rows");
  const tools = document.getElementById("tools");
  const shown = document.getElementById("shown");
  const rows = new Map(Array.from(body.rows, (r) => [r.dataset.name, r]));
  // How each column is compared, and the direction that is wanted first.
  const columns = {
    rank: { number: true, first: -1 }, name: { number: false, first: 1 }, open: { number: true, first: -1 },
    latency: { number: true, first: -1 }, cost: { number: true, first: -1 },
  };
  const view = { column: "rank", direction: -1 };
  const names = new Intl.Collator("en", { numeric: true });

  // order compares rows by the chosen column, then as the server does: worst first, then by name.
  function order(a, b) {
    const of = (column, direction) => {
      if (column === "name") return direction * names.compare(a.dataset.name, b.dataset.name);
      return direction * (Number(a.dataset[column]) - Number(b.dataset[column]));
    };
    return of(view.column, view.direction) || of("rank", -1) || of("open", -1) || of("name", 1);
  }

  function sort() {
    const sorted = Array.from(rows.values()).sort(order);
    const focused = document.activeElement;
    // Only what is out of place moves: a row that stays costs nothing.
    let at = body.firstElementChild;
    for (const row of sorted) {
      if (row === at) { at = at.nextElementSibling; continue; }
      body.insertBefore(row, at);
    }
    if (focused && focused !== document.activeElement && body.contains(focused)) focused.focus({ preventScroll: true });
  }

  function filter() {
    const text = tools.elements.q.value.trim().toLowerCase();
    const states = new Set(Array.from(tools.querySelectorAll("[name=state]:checked"), (c) => c.value));
    let count = 0;
    for (const row of rows.values()) {
      const fits = states.has(row.dataset.state) && row.dataset.name.toLowerCase().includes(text);
      if (row.hidden === fits) row.hidden = !fits;
      if (fits) count++;
    }
    shown.textContent = count === rows.size ? "" : `${count} of ${rows.size} shown`;
  }

  function headings() {
    for (const th of table.querySelectorAll("th[data-sort]")) {
      const button = document.createElement("button");
      button.type = "button";
      button.append(...th.childNodes);
      th.append(button);
      button.addEventListener("click", () => {
        const column = th.dataset.sort;
        view.direction = view.column === column ? -view.direction : columns[column].first;
        view.column = column;
        mark();
        sort();
      });
    }
    mark();
  }

  function mark() {
    for (const th of table.querySelectorAll("th[data-sort]")) {
      if (th.dataset.sort === view.column) th.setAttribute("aria-sort", view.direction > 0 ? "ascending" : "descending");
      else th.removeAttribute("aria-sort");
    }
  }

  // Rows do not move under a hand: while the pointer or the focus is on the table they change where they are, and find their places afterwards.
  let held = false;
  let waiting = false;
  const settle = () => { if (!held && waiting) { waiting = false; sort(); } };
  const hold = (on) => { held = on; settle(); };
  body.addEventListener("pointerenter", () => hold(true));
  body.addEventListener("pointerleave", () => hold(body.contains(document.activeElement)));
  body.addEventListener("focusin", () => hold(true));
  body.addEventListener("focusout", (e) => { if (!body.contains(e.relatedTarget)) hold(body.matches(":hover")); });

  function parse(html) {
    const t = document.createElement("template");
    t.innerHTML = html;
    return t.content.firstElementChild;
  }

  function put(name, html) {
    const fresh = parse(html);
    const old = rows.get(name);
    if (!fresh) return;
    if (!old) {
      rows.set(name, fresh);
      body.append(fresh);
      return;
    }
    // The row stays and takes over what is new, so that focus and hover stay too.
    for (const a of fresh.attributes) if (old.getAttribute(a.name) !== a.value) old.setAttribute(a.name, a.value);
    for (let i = 0; i < fresh.cells.length; i++) {
      const a = old.cells[i];
      const b = fresh.cells[i];
      if (a && b && a.innerHTML !== b.innerHTML) a.replaceChildren(...b.childNodes);
    }
  }

  function totals(t) {
    const out = [Object.assign(document.createElement("b"), { textContent: t.streams }), " streams"];
    for (const [n, state, word] of [[t.fail, "fail", "fail"], [t.silent, "silent", "no news"], [t.warn, "warn", "warn"], [t.unseen, "unseen", "not analysed"], [t.pass, "pass", "clean"], [t.ended, "ended", "ended"]]) {
      if (!n) continue;
      out.push(" · ", Object.assign(document.createElement("span"), { className: `state s-${state}`, textContent: `${n} ${word}` }));
    }
    document.getElementById("totals").replaceChildren(...out);
    document.title = t.fail ? `(${t.fail}) Streams · aircheck` : "Streams · aircheck";
  }

  // News of one moment are one change of the page.
  let queued = null;
  function news(doc) {
    if (!queued) {
      queued = doc;
      requestAnimationFrame(apply);
      return;
    }
    queued = { ...doc, rows: { ...queued.rows, ...doc.rows }, gone: [...(queued.gone ?? []), ...(doc.gone ?? [])].filter((n) => !(doc.rows && n in doc.rows)) };
  }

  function apply() {
    const doc = queued;
    queued = null;
    for (const [name, html] of Object.entries(doc.rows ?? {})) put(name, html);
    for (const name of doc.gone ?? []) { rows.get(name)?.remove(); rows.delete(name); }
    totals(doc.totals);
    filter();
    waiting = true;
    settle();
  }

  const link = document.getElementById("link");
  const source = new EventSource(`/events?wall=${encodeURIComponent(table.dataset.version)}`);
  source.addEventListener("wall", (e) => news(JSON.parse(e.data)));
  source.addEventListener("open", () => { link.textContent = "live"; });
  source.addEventListener("error", () => { link.textContent = "not connected: what is shown may be old"; });
  addEventListener("pagehide", () => source.close());

  // What the strip says where the pointer is.
  const moment = Object.assign(document.createElement("div"), { className: "moment", hidden: true });
  document.body.append(moment);
  const words = { f: "fail", w: "warn", p: "analysed and clean", n: "not analysed" };
  body.addEventListener("pointermove", (e) => {
    const strip = e.target.closest?.("svg.strip");
    moment.hidden = !strip;
    if (!strip) return;
    const box = strip.getBoundingClientRect();
    const cells = strip.viewBox.baseVal.width;
    const cell = Math.min(cells - 1, Math.max(0, Math.floor(((e.clientX - box.left) / box.width) * cells)));
    const step = 300_000;
    const end = Math.ceil(Date.now() / step) * step;
    const clock = (t) => new Date(t).toISOString().slice(11, 16);
    const from = end - (cells - cell) * step;
    moment.textContent = `${clock(from)}–${clock(from + step)} UTC ${words[at(strip, cell)] ?? ""}`;
    moment.style.left = `${Math.min(e.clientX + 12, innerWidth - moment.offsetWidth - 8)}px`;
    moment.style.top = `${e.clientY + 16}px`;
  });
  body.addEventListener("pointerleave", () => { moment.hidden = true; });

  // at finds the letter of a cell in the drawing, whose runs are written M<cell> <top>h<cells>….
  function at(strip, cell) {
    for (const path of strip.children) {
      for (const run of path.getAttribute("d").matchAll(/M(\d+) \d+h(\d+)/g)) {
        const first = Number(run[1]);
        if (cell >= first && cell < first + Number(run[2])) return path.getAttribute("class");
      }
    }
    return "";
  }

  headings();
  tools.hidden = false;
  tools.addEventListener("input", filter);
  tools.addEventListener("submit", (e) => e.preventDefault());
  filter();
  document.documentElement.dataset.ready = "wall";
  // For those who measure: the rows are laid out and painted once the next frame is over.
  requestAnimationFrame(() => setTimeout(() => performance.mark("drawn")));
}
