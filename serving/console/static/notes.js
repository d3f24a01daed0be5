// Notes from the field: kept on the device first, then sent once, by whom they are of.
"use strict";

import { drop, keep, refused, waiting } from "./shelf.js";

const PROBLEM = "application/problem+json";
// Signing in again, or a moment, is all that they need: the note itself is right.
const PASSING = new Set(["call_under_way", "csrf_missing", "key_invalid", "key_missing"]);

const PATIENCE = 30_000; // milliseconds; a call without an answer mustn't stop the next
let signedOut = false; // so the service said, when notes were last to be sent

const ask = (address, options) =>
  fetch(address, { ...options, signal: AbortSignal.timeout(PATIENCE) });

/** What a call of this page's own account must bring; null: it isn't signed in. */
async function token() {
  const answer = await ask("/v1/session");
  if (!answer.ok && !isRefusal(answer)) throw new Error("not the service's word");
  if (!answer.ok) return null;
  const { person, csrf } = await answer.json();
  return person.id === document.body.dataset.account ? csrf : null;
}

// The key makes of several tries one note, whatever became of their answers.
async function send(note, csrf) {
  const answer = await ask(`/v1/leads/${encodeURIComponent(note.lead)}/notes`, {
    method: "POST",
    headers: {
      "Content-Type": "application/json",
      "Idempotency-Key": note.key,
      "X-CSRF-Token": csrf,
    },
    body: JSON.stringify({ ...note.said, taken_at: note.at }),
  });
  if (answer.status === 201) drop(note.key);
  else if (isRefusal(answer)) refuse(note, await answer.json());
}

// Whatever stands between us and the service may say no; only its own no counts.
function isRefusal(answer) {
  const isOurs = answer.headers.get("Content-Type")?.startsWith(PROBLEM);
  return isOurs && answer.status >= 400 && answer.status < 500;
}

function refuse(note, { code, detail }) {
  if (!PASSING.has(code)) keep({ ...note, refused: detail, code });
}

async function sendWaiting() {
  if (waiting().length === 0) return;
  try {
    const csrf = await token();
    signedOut = csrf === null;
    if (signedOut) return;
    for (const note of waiting()) await send(note, csrf);
  } catch {
    // no network: they stay
  }
}

const tell = () => document.dispatchEvent(new Event("notes"));
let sending = Promise.resolve();

/** Send what waits, after what is being sent, and tell how the notes then stand. */
export const sendAll = () => (sending = sending.then(sendWaiting).then(tell));

function show() {
  for (const [id, kept] of [["en-attente", waiting()], ["refusees", refused()]]) {
    const told = document.getElementById(id);
    told.hidden = kept.length === 0;
    told.querySelector("strong").textContent = kept.length;
  }
  document.getElementById("session-finie").hidden = !(signedOut && waiting().length);
}

document.addEventListener("notes", show);
window.addEventListener("online", sendAll);
document.addEventListener("visibilitychange", sendAll);
window.addEventListener("pageshow", tell); // as it was left: the notes may have gone since
window.addEventListener("storage", tell); // another page of this device sent them
show();
sendAll();
