// That a reason was opened is counted, once a page, by idea: never by whom.
"use strict";

function count(details) {
  details.removeEventListener("toggle", onToggle);
  fetch(details.dataset.opened, {
    method: "POST",
    body: new URLSearchParams({ csrf: document.body.dataset.csrf }),
    keepalive: true, // the reader may leave the page at once
  }).catch(() => {}); // no network: this opening isn't counted, and nobody waits
}

function onToggle(event) {
  if (event.target.open) count(event.target);
}

for (const details of document.querySelectorAll("details[data-opened]")) {
  details.addEventListener("toggle", onToggle);
}
