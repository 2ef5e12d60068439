// Keeps the game's own files, so that it opens without a network. What the server says is never kept here.
const CACHE = "mergemart-play";

self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));
self.addEventListener("message", (event) => {
	if (event.data?.keep) event.waitUntil(keep(event.data.keep));
});
self.addEventListener("fetch", (event) => {
	const { pathname, origin } = new URL(event.request.url);
	if (event.request.method !== "GET" || origin !== self.location.origin || !/^\/play(\/|$)/.test(pathname)) return;
	event.respondWith(pathname === "/play" ? newest(event.request) : kept(event.request));
});

/** Keeps these files and forgets those of an older version. */
async function keep(urls) {
	const cache = await caches.open(CACHE);
	const old = (await cache.keys()).filter((request) => !urls.includes(new URL(request.url).pathname));
	await Promise.all(urls.map(async (url) => (await cache.match(url)) ?? cache.add(url)));
	await Promise.all(old.map((request) => cache.delete(request)));
}

async function newest(request) {
	try {
		const answer = await fetch(request);
		if (answer.ok) await (await caches.open(CACHE)).put("/play", answer.clone());
		return answer;
	} catch {
		return (await caches.match("/play")) ?? Response.error();
	}
}

const kept = async (request) => (await caches.match(request)) ?? fetch(request);
