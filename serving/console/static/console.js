// Small help where plain forms and links do all the work.
"use strict";

// In a list, j and k go from one lead to the next; Enter opens the link in focus.
const names = [...document.querySelectorAll("#liste .name")];
const isTyping = (target) => target.closest("input, select, textarea") !== null;

document.addEventListener("keydown", (event) => {
  const step = { j: 1, k: -1 }[event.key];
  if (!step || names.length === 0 || isTyping(event.target)) return;
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const at = names.indexOf(document.activeElement);
  const next = at < 0 ? 0 : Math.min(names.length - 1, Math.max(0, at + step));
  names[next].focus();
  names[next].closest("li").scrollIntoView({ block: "nearest" });
});

// A form is sent once: a second press, while the first is under way, does nothing.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (event.defaultPrevented || form.method !== "post") return;
  if (form.dataset.sent) event.preventDefault();
  form.dataset.sent = "yes";
});
// Back on a page that the browser kept, its forms may be sent again.
window.addEventListener("pageshow", () => {
  for (const form of document.forms) delete form.dataset.sent;
});
