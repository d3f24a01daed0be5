// While somebody is signed in, the form of notes opens without a network as well.
"use strict";

const { account, notes } = document.body.dataset;
const mine = `frein.form.${account}`;
const [FIRST_WAIT, LONGEST_WAIT] = [5_000, 60_000]; // milliseconds
const ours = (path) => new URL(path, import.meta.url).pathname;
const FILES = ["console.css", "console.js", "icon.svg", "note.js", "notes.js", "offline.js", "shelf.js"];

async function forget() {
  for (const name of await caches.keys()) {
    if (name !== mine) await caches.delete(name);
  }
}

async function prepare() {
  const form = await caches.open(mine);
  if (await form.match(notes)) return;
  await navigator.serviceWorker.register(ours("worker.js"), { scope: ours("../") });
  // Who was signed out meanwhile is sent elsewhere: that isn't the form.
  const page = new Request(notes, { redirect: "error" });
  await form.addAll([page, ...FILES.map(ours)]);
}

/** Prepare, and again as long as that fails: the page may stay open for hours. */
async function keepPreparing(wait = FIRST_WAIT) {
  try {
    await prepare();
  } catch {
    setTimeout(keepPreparing, wait, Math.min(2 * wait, LONGEST_WAIT)); // no network now
  }
}

// Browsers have neither where the page isn't served over HTTPS.
if (navigator.serviceWorker && window.caches) {
  await forget();
  if (account) await keepPreparing();
}
