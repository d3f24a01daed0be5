// Notes on this device, of one account: {key, lead, at, said, refused?}.
"use strict";

const shelf = `frein.notes.${document.body.dataset.account}`;

export const notes = () => JSON.parse(localStorage.getItem(shelf) || "[]");
export const waiting = () => notes().filter((note) => !note.refused);
export const refused = () => notes().filter((note) => note.refused);
export const find = (key) => notes().find((note) => note.key === key);

/** Keep a note, instead of the one that has its key or the one that it replaces. */
export function keep(note, instead = note.key) {
  const others = notes().filter(({ key }) => key !== note.key && key !== instead);
  write([...others, note]);
}

export function drop(key) {
  if (find(key)) write(notes().filter((note) => note.key !== key));
}

const write = (kept) => localStorage.setItem(shelf, JSON.stringify(kept));
