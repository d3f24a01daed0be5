// Without a network, pages of the console open as the form of notes, if it was kept.
"use strict";

const HOME = new URL("../", self.location).pathname;
const FORM = `${HOME}note`;
const SIGNING_IN = `${HOME}connexion`;
const STATIC = `${HOME}static/`;

const kept = async (what) => (await caches.match(what)) ?? Response.error();

self.addEventListener("install", () => self.skipWaiting());

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const { pathname } = new URL(request.url);
  if (request.method !== "GET" || pathname.startsWith(SIGNING_IN)) return;
  if (request.mode === "navigate") {
    event.respondWith(fetch(request).catch(() => kept(FORM)));
  } else if (pathname.startsWith(STATIC)) {
    event.respondWith(fetch(request).catch(() => kept(request)));
  }
});
