// Notes from the field: kept on the device first, then sent once, by whom they are of.
"use strict";

import { drop, keep, refused, waiting } from "./shelf.js";

const PROBLEM = "application/problem+json";
// Signing in again, or a moment, is all that they need: the note itself is right.
const PASSING = new Set(["call_under_way", "csrf_missing", "key_invalid", "key_missing"]);

// Milliseconds. A call without an answer mustn't stop the next.
const PATIENCE = 30_000;
const [FIRST_WAIT, LONGEST_WAIT] = [5_000, 60_000]; // before a note is tried again
const leaving = `frein.sent.${document.body.dataset.account}`;
const sent = JSON.parse(sessionStorage.getItem(leaving) || "[]"); // and told on this page
sessionStorage.removeItem(leaving);
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

// The key makes of several tries one note, whatever became of their answers. Gives what
// the service said: that it has it, or why not; nothing if that wasn't the service.
async function post(note, csrf) {
  const answer = await ask(`/v1/leads/${encodeURIComponent(note.lead)}/notes`, {
    method: "POST",
    headers: {
      "Content-Type": "application/json",
      "Idempotency-Key": note.key,
      "X-CSRF-Token": csrf,
    },
    body: JSON.stringify({ ...note.said, taken_at: note.at }),
  });
  if (answer.status === 201) return { isStored: true };
  return isRefusal(answer) ? await answer.json() : {};
}

async function send(note, csrf) {
  const { isStored, code, detail } = await post(note, csrf);
  if (isStored) {
    drop(note.key);
    sent.push(note);
  } else if (code && !PASSING.has(code)) keep({ ...note, refused: detail, code });
}

/** Send a note that the device has no room for: has the service it, or why not? */
export async function sendUnkept(note) {
  try {
    const csrf = await token();
    return csrf === null ? {} : await post(note, csrf);
  } catch {
    return {}; // no network: it stays where it was written
  }
}

// Whatever stands between us and the service may say no; only its own no counts.
function isRefusal(answer) {
  const isOurs = answer.headers.get("Content-Type")?.startsWith(PROBLEM);
  return isOurs && answer.status >= 400 && answer.status < 500;
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
let wait = FIRST_WAIT;
let nextTrial;

/** What waits yet is tried again by itself; signed out, once the page is opened anew. */
function planNextTrial() {
  clearTimeout(nextTrial);
  if (waiting().length === 0 || signedOut) {
    wait = FIRST_WAIT;
    return;
  }
  nextTrial = setTimeout(sendAll, wait);
  wait = Math.min(2 * wait, LONGEST_WAIT);
}

/** Send what waits, after what is being sent, and tell how the notes then stand. */
export const sendAll = () =>
  (sending = sending.then(sendWaiting).then(tell).then(planNextTrial));

/** Open the page that tells of a note; there, the others that went with it are told. */
export function openTold(note, address) {
  const others = sent.filter(({ key }) => key !== note.key);
  if (others.length > 0) sessionStorage.setItem(leaving, JSON.stringify(others));
  location.assign(address);
}

function show() {
  for (const [id, kept] of [["en-attente", waiting()], ["refusees", refused()]]) {
    const told = document.getElementById(id);
    told.hidden = kept.length === 0;
    told.querySelector("strong").textContent = kept.length;
  }
  document.getElementById("session-finie").hidden = !(signedOut && waiting().length);
  const told = document.getElementById("enregistrees");
  told.hidden = sent.length === 0;
  told.querySelector("ul").replaceChildren(...sent.map(link));
}

function link({ lead }) {
  const shown = document.importNode(document.getElementById("enregistree").content, true);
  shown.querySelector("a").href += encodeURIComponent(lead);
  shown.querySelector("bdi").textContent = lead;
  return shown;
}

document.addEventListener("notes", show);
window.addEventListener("online", sendAll);
document.addEventListener("visibilitychange", sendAll);
window.addEventListener("pageshow", tell); // as it was left: the notes may have gone since
window.addEventListener("storage", tell); // another page of this device sent them
show();
sendAll();
