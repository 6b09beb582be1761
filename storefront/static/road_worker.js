// Shows the page of orders on the road without network: its shell and our own files, the same for everyone. Nothing that
// belongs to somebody passes through here; the page itself keeps that, by its owner.
"use strict";

const asked = new URL(self.location).searchParams;
const version = asked.get("v");
const SHELL = `/road/offline?locale=${asked.get("locale")}`;
const CACHE = `ventas-road-${version}-${asked.get("locale")}`;
const FILES = ["app.css", "app.js", "road.js", "road_store.js", "favicon.svg", "icons.svg"].map((name) => `/static/${name}?v=${version}`);
// A connection that hangs is none; what somebody has in their hands must not wait for it.
const PATIENCE_MS = 4000;

self.addEventListener("install", (event) => {
  event.waitUntil((async () => {
    const cache = await caches.open(CACHE);
    // Without the session's cookie, so that the answer can hold nothing of its owner.
    await cache.addAll([SHELL, ...FILES].map((path) => new Request(path, { credentials: "omit", cache: "no-cache" })));
    await self.skipWaiting();
  })());
});

self.addEventListener("activate", (event) => {
  event.waitUntil((async () => {
    for (const name of await caches.keys()) if (name.startsWith("ventas-road-") && name !== CACHE) await caches.delete(name);
    await self.clients.claim();
  })());
});

async function page(request) {
  const late = new Promise((_, refuse) => setTimeout(() => refuse(new Error("late")), PATIENCE_MS));
  try {
    const answer = await Promise.race([fetch(request), late]);
    if (answer.status < 500) return answer;
  } catch {
    // No network: the shell.
  }
  return (await caches.match(SHELL)) || Response.error();
}

self.addEventListener("fetch", (event) => {
  const url = new URL(event.request.url);
  if (url.origin !== self.location.origin || event.request.method !== "GET") return;
  if (event.request.mode === "navigate" && url.pathname === "/road") event.respondWith(page(event.request));
  else if (url.pathname.startsWith("/static/")) {
    event.respondWith(caches.match(event.request).then((kept) => kept || fetch(event.request)));
  }
});
