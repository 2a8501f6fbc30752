'use strict';
// Keys for what the pages also offer as links and buttons. They are off while a field has the focus.
addEventListener('keydown', (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest('input, textarea, select')) return;
  const target = document.querySelector(`[data-key="${CSS.escape(event.key)}"]`);
  if (!target) return;
  event.preventDefault();
  if (target.matches('a, button, summary')) target.click(); else target.focus();
});
