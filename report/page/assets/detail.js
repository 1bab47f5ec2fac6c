// What is known about the finding that is selected, with its pictures.

function showDetail(box, model, view, step) {
  const proofs = new Map([...document.querySelectorAll('#proofs article')].map((a) => [a.dataset.key, a]));
  const form = document.getElementById('waive');
  const draw = () => {
    const f = view.selected;
    box.hidden = !f;
    if (!f) return;
    const line = (name, ...what) => (what.some(Boolean) ? [make('dt', { text: name }), make('dd', {}, ...what)] : []);
    const seek = (at) => make('button', { type: 'button', class: 'link', text: clock(at), title: 'Go there', on: { click: () => view.seek(at) } });
    const button = (text, label, d) => make('button', { type: 'button', class: 'quiet', text, 'aria-label': label, title: label, on: { click: () => step(d) } });
    box.replaceChildren(
      make('div', { class: 'bar' },
        make('h2', {}, make('span', { class: 'sev ' + severities[f.severity], 'aria-hidden': 'true' }), severities[f.severity] + ' ', bdi(f.code)),
        make('div', { class: 'tools' }, button('‹', 'The finding before', -1), button('›', 'The next finding', 1))),
      make('p', { class: 'message' }, bdi(f.message)),
      waived(f) || '',
      make('dl', {},
        ...line('Where', bdi(f.where)), ...line('Time', seek(f.start), ' – ', seek(f.end), ` (${span(f.end - f.start)})`),
        ...line('Value', f.value && f.threshold ? `${f.value}, limit ${f.threshold}` : f.value), ...line('Cause', f.cause, f.cause && f.evidence && ': ', f.evidence && bdi(f.evidence)),
        ...line('Confidence', `${Math.round(f.confidence * 100)} %`), ...line('Profile', f.profile && bdi(f.profile)), ...line('Link', make('a', { href: linkTo(f), text: 'to this finding' }))),
      pictures(proofs.get(f.key)) || '',
      waiveForm(form, f) || '');
  };
  view.on('select', draw);
  draw();
}

function waived(f) {
  if (!f.waiver) return null;
  const until = f.waiver.expires ? `until ${f.waiver.expires}` : 'for ever';
  return make('p', { class: 'waiver' }, make('b', { text: 'Waived ' }), `${until} by `, bdi(f.waiver.person), ': ', bdi(f.waiver.reason));
}

// pictures are those that the page has further down, so that they are in it once.
function pictures(article) {
  const copy = article?.querySelector('.pictures')?.cloneNode(true);
  for (const img of copy?.querySelectorAll('img') || []) {
    img.removeAttribute('loading');
    const caption = img.parentNode.querySelector('figcaption')?.textContent || '';
    const button = make('button', { type: 'button', class: 'enlarge', 'aria-label': 'Enlarge: ' + img.alt, on: { click: () => enlarge(img, caption) } });
    img.replaceWith(button);
    button.append(img);
  }
  return copy;
}

// enlarge shows a picture as large as it is.
function enlarge(img, caption) {
  const dialog = make('dialog', { 'aria-label': img.alt, on: { close: () => dialog.remove(), click: (e) => { if (e.target === dialog) dialog.close(); } } },
    make('form', { method: 'dialog' }, make('span', { text: caption }), make('button', { text: 'Close' })), make('img', { src: img.src, alt: img.alt }));
  document.body.append(dialog);
  dialog.showModal();
}

function waiveForm(form, f) {
  if (!form || f.waiver) return null;
  const copy = form.content.firstElementChild.cloneNode(true);
  copy.querySelector('[name=finding]').value = f.key;
  return make('details', { class: 'waiving' }, make('summary', { text: 'Waive' }), copy);
}
