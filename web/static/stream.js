// What happens to the findings of a stream, as it happens.
const list = document.getElementById("events");
const most = 200;
// What keeps the fleet from judging a stream.
const trouble = new Set(["silent", "given_up"]);

// printable shows what would be invisible or turn the direction of what follows, as the server does.
const printable = (text) => String(text ?? "").replace(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, (c) => `\\u${c.codePointAt(0).toString(16).padStart(4, "0")}`);

function cell(tag, text, attributes = {}) {
  const e = Object.assign(document.createElement(tag), attributes);
  e.textContent = printable(text);
  return e;
}

function line(event) {
  const f = event.finding;
  const at = new Date(event.kind === "opened" && event.from ? event.from : event.time);
  const li = document.createElement("li");
  const time = cell("time", at.toLocaleString("en-GB", { timeZone: "UTC", day: "numeric", month: "short", hour: "2-digit", minute: "2-digit", second: "2-digit" }).replace(",", ""), { className: "muted" });
  time.dateTime = at.toISOString();
  const key = f ? `#f=${encodeURIComponent(`${f.code}/${f.rendition ?? ""}/${Math.round(f.start * 1e6)}`)}` : "";
  const link = cell("a", f ? `${f.code} ` : event.check, { href: `/checks/${encodeURIComponent(event.check)}${key}` });
  if (f?.rendition) link.append(cell("bdi", f.rendition));
  const text = document.createElement("span");
  text.append(cell("bdi", f ? f.message : event.message ?? `report: ${event.verdict}`));
  li.append(time, cell("span", event.kind.replaceAll("_", " "), { className: `sev s-${f ? f.severity : trouble.has(event.kind) ? "fail" : "none"}` }), link, text);
  li.dataset.id = event.id;
  return li;
}

if (list) {
  const seen = new Set();
  const source = new EventSource(`/events?stream=${encodeURIComponent(list.dataset.stream)}&after=${encodeURIComponent(list.dataset.after)}`);
  source.addEventListener("finding", (e) => {
    const event = JSON.parse(e.data);
    if (seen.has(event.id)) return; // an event may be told twice
    seen.add(event.id);
    list.prepend(line(event));
    while (list.children.length > most) list.lastElementChild.remove();
  });
  addEventListener("pagehide", () => source.close());
}
