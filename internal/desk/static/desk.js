'use strict';
// Keys for what the pages also offer as links and buttons. They are off while a field has the focus. A key of two
// letters ("g d") is typed one after the other.
let before = '';
addEventListener('keydown', (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest('input:not([type=checkbox]), textarea, select')) return;
  if (event.key === ' ' && event.target.closest('button, a, summary, input, audio')) return;
  const typed = before ? `${before} ${event.key}` : event.key;
  before = '';
  if (event.key === 'j' || event.key === 'k') return step(event.key === 'j' ? 1 : -1, event);
  if (event.key === 'x') return tick(event);
  if (typed === '.') return nextHit(event);
  const target = document.querySelector(`[data-key="${CSS.escape(typed)}"]`);
  if (!target) {
    if (event.key === 'g') before = 'g';
    return;
  }
  event.preventDefault();
  if (target.matches('summary')) {
    target.parentElement.open = true;
    (target.parentElement.querySelector('select, textarea, input:not([type=hidden])') || target).focus();
  } else if (target.matches('a, button')) target.click(); else target.focus();
});

// step moves to another case of the queue.
function step(by, event) {
  const rows = [...document.querySelectorAll('[data-row]')];
  if (!rows.length) return;
  event.preventDefault();
  const now = rows.findIndex((row) => row.classList.contains('current'));
  const next = Math.min(rows.length - 1, Math.max(0, now + by));
  if (now >= 0) rows[now].classList.remove('current');
  rows[next].classList.add('current');
  rows[next].querySelector('[data-open]').focus();
}

function tick(event) {
  const box = document.querySelector('.row.current input[type=checkbox]');
  if (!box) return;
  event.preventDefault();
  box.checked = !box.checked;
}

let hit = 0;
function nextHit(event) {
  const marks = document.querySelectorAll('mark');
  if (!marks.length) return;
  event.preventDefault();
  marks[hit % marks.length].scrollIntoView({ block: 'center' });
  hit++;
}

// Boxes are drawn on the picture; what is sent are the numbers of the form.
for (const canvas of document.querySelectorAll('[data-draw]')) {
  const rows = [...document.querySelectorAll('[data-box]')];
  let from = null, box = null;
  const at = (event) => {
    const area = canvas.querySelector('img').getBoundingClientRect();
    const inside = (v, most) => Math.min(1, Math.max(0, v / most));
    return [inside(event.clientX - area.left, area.width), inside(event.clientY - area.top, area.height)];
  };
  canvas.addEventListener('dragstart', (event) => event.preventDefault());
  canvas.addEventListener('pointerdown', (event) => {
    if (!rows.some((row) => !row.querySelector('input').value)) return;
    document.getElementById('redact').open = true;
    from = at(event);
    box = canvas.appendChild(document.createElement('div'));
    box.className = 'box';
    canvas.setPointerCapture(event.pointerId);
  });
  canvas.addEventListener('pointermove', (event) => {
    if (from) draw(box, from, at(event));
  });
  canvas.addEventListener('pointerup', (event) => {
    if (!from) return;
    const to = at(event), [left, top, width, height] = span(from, to);
    from = null;
    const full = [canvas.dataset.width, canvas.dataset.height, canvas.dataset.width, canvas.dataset.height];
    // Whatever a pixel covers in part is covered whole.
    const start = [Math.floor(left * full[0]), Math.floor(top * full[1])];
    const size = [Math.ceil((left + width) * full[0]) - start[0], Math.ceil((top + height) * full[1]) - start[1]];
    if (size[0] < 2 || size[1] < 2) return box.remove();
    const row = rows.find((one) => !one.querySelector('input').value);
    [...row.querySelectorAll('input')].forEach((input, i) => { input.value = [...start, ...size][i]; });
  });
}

function span([x, y], [u, v]) { return [Math.min(x, u), Math.min(y, v), Math.abs(x - u), Math.abs(y - v)]; }

function draw(box, from, to) {
  ['left', 'top', 'width', 'height'].forEach((side, i) => { box.style[side] = `${100 * span(from, to)[i]}%`; });
}
