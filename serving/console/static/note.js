// The form of a note, and the list of those that are still on this device.
"use strict";

import { drop, find, keep, notes } from "./shelf.js";
import { openTold, sendAll, sendUnkept } from "./notes.js";

const form = document.getElementById("note");
const field = document.getElementById("lead"); // where the page is of no lead
const full = document.getElementById("pleine");
const empty = document.getElementById("vide");
const section = document.getElementById("gardees");
const model = document.getElementById("gardee");

// Where the page isn't served over HTTPS, randomUUID is missing.
const newKey = () =>
  [...crypto.getRandomValues(new Uint8Array(16))]
    .map((byte) => byte.toString(16).padStart(2, "0"))
    .join("");

function said() {
  const filled = new FormData(form);
  const tone = filled.get("tone");
  const text = filled.get("text").trim();
  return {
    ...(tone === null ? {} : { tone: Number(tone) }),
    ...(text ? { text } : {}),
    objections: filled.getAll("objections"),
  };
}

const isEmpty = ({ tone, objections, text }) =>
  tone === undefined && objections.length === 0 && text === undefined;

// The last note is kept, and the form was left alone since: a second tap says nothing.
let isKept = false;

// A note that the device has no room for, and that nobody has: it is in the form alone.
let unkept = null;

function settle(kept) {
  isKept = kept;
  unkept = null;
  form.noValidate = kept;
}

const tellOfUnkept = (what) => {
  for (const one of full.children) one.hidden = one.dataset.if !== what;
};

const openLead = (note) =>
  openTold(note, `${form.dataset.leads}${encodeURIComponent(note.lead)}?fait=1`);

async function goAtOnce(note) {
  unkept = note;
  tellOfUnkept("sending");
  const { isStored, detail } = await sendUnkept(note);
  full.querySelector("[data-of=why]").textContent = detail;
  if (!isStored) return tellOfUnkept(detail ? "refused" : "unsent");
  settle(true);
  drop(location.hash.slice(1));
  openLead(note);
}

async function submit(event) {
  event.preventDefault();
  const note = unkept ?? {
    key: newKey(),
    lead: field?.value.trim() ?? form.dataset.lead,
    at: new Date().toISOString(),
    said: said(),
  };
  empty.hidden = isKept || !isEmpty(note.said);
  if (isEmpty(note.said)) return;
  try {
    keep(note, location.hash.slice(1));
  } catch {
    return goAtOnce(note); // the device is full
  }
  form.reset();
  settle(true);
  await sendAll();
  if (find(note.key)) section.scrollIntoView();
  else openLead(note);
}

/** The refused note that the address names is put back into the form. */
function putBack() {
  const note = find(location.hash.slice(1));
  if (!note || !field) return;
  const { tone, objections, text } = note.said;
  for (const box of form.querySelectorAll("input:not(#lead)")) {
    box.checked = box.value === String(tone) || objections.includes(box.value);
  }
  field.value = note.lead;
  form.elements.text.value = text ?? "";
  form.elements.text.focus();
}

const titleOf = (name, value) =>
  form?.querySelector(`[name=${name}][value="${CSS.escape(value)}"]`)?.labels[0].innerText;

function discard(note) {
  drop(note.key);
  sendAll();
}

function row(note) {
  const shown = document.importNode(model.content, true);
  const put = (what, text) => (shown.querySelector(`[data-of=${what}]`).textContent = text);
  const { tone, objections, text } = note.said;
  const heard = objections.map((one) => titleOf("objections", one) ?? one);
  put("lead", note.lead);
  put("at", new Date(note.at).toLocaleString("fr", { dateStyle: "short", timeStyle: "short" }));
  put("said", [titleOf("tone", tone), ...heard, text].filter(Boolean).join(", "));
  put("why", note.refused);
  shown.querySelector("[data-if=waiting]").hidden = note.refused;
  shown.querySelector("[data-if=refused]").hidden = !note.refused;
  shown.querySelector("[data-if=unknown]").hidden = note.code !== "lead_unknown";
  shown.querySelector("a").hash = note.key;
  shown.querySelector("button").addEventListener("click", () => discard(note));
  return shown;
}

function list() {
  section.hidden = notes().length === 0;
  section.querySelector("ul").replaceChildren(...notes().map(row));
}

// What the device keeps of the console is of no lead: the address may name one.
function begin() {
  const [, named] = location.pathname.match(/\/opportunites\/([^/]+)/) ?? [];
  if (field && named) field.defaultValue = decodeURIComponent(named);
  form.hidden = false;
  form.addEventListener("submit", submit);
  form.addEventListener("input", () => settle(false));
  window.addEventListener("hashchange", putBack);
  window.addEventListener("beforeunload", (event) => unkept && event.preventDefault());
  putBack();
}

document.addEventListener("notes", list);
list();
if (form) begin();
