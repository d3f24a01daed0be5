// Notes from the field: kept on the device first, then sent once, by whom they are of.
"use strict";

const me = document.body.dataset;
const shelf = `frein.notes.${me.account}`;
const waiting = () => JSON.parse(localStorage.getItem(shelf) || "[]");
const keep = (notes) => localStorage.setItem(shelf, JSON.stringify(notes));
const drop = (key) => keep(waiting().filter((note) => note.key !== key));

function show() {
  const told = document.getElementById("en-attente");
  const count = waiting().length;
  told.hidden = count === 0;
  told.textContent = count === 1
    ? "Une note attend le réseau sur cet appareil."
    : `${count} notes attendent le réseau sur cet appareil.`;
}

// The key makes of several tries one note, whatever became of their answers.
async function send(note) {
  const answer = await fetch(`/v1/leads/${encodeURIComponent(note.lead)}/notes`, {
    method: "POST",
    headers: {
      "Content-Type": "application/json",
      "Idempotency-Key": note.key,
      "X-CSRF-Token": me.csrf,
    },
    body: JSON.stringify(note.said),
  });
  if (answer.ok) drop(note.key);
  return answer.ok;
}

async function sendAll() {
  for (const note of waiting()) {
    try {
      await send(note);
    } catch {
      break; // no network: they stay
    }
  }
  show();
}

function said(form) {
  const filled = new FormData(form);
  const tone = filled.get("tone");
  const text = filled.get("text").trim();
  return {
    ...(tone === null ? {} : { tone: Number(tone) }),
    ...(text ? { text } : {}),
    objections: filled.getAll("objections"),
  };
}

// Where the page isn't served over HTTPS, randomUUID is missing.
const newKey = () =>
  [...crypto.getRandomValues(new Uint8Array(16))]
    .map((byte) => byte.toString(16).padStart(2, "0"))
    .join("");

const form = document.getElementById("note");
form?.addEventListener("submit", async (event) => {
  event.preventDefault();
  const note = { key: newKey(), lead: form.dataset.lead, said: said(form) };
  keep([...waiting(), note]);
  form.reset();
  await sendAll();
  if (!waiting().some((one) => one.key === note.key)) {
    location.assign(form.dataset.done);
  }
});

if (me.account) {
  window.addEventListener("online", sendAll);
  sendAll();
}
