// The way to the server: operations by their hash, the token in a header, and the subscription's socket.

const meta = (name) => document.querySelector(`meta[name="${name}"]`)?.content ?? "";
export const BASE = meta("base");
export const DEMO = meta("demo") === "yes";
const SECONDS = 20;

/** The network or the server is away: worth another try. `seconds`: not before. */
export class Away extends Error {
	constructor(seconds = 0) {
		super("away");
		this.seconds = seconds;
	}
}

/** The token is missing or has ended. */
export class SignedOut extends Error {}

/** The server answered errors: `code` and `message` say which. */
export class Failed extends Error {
	constructor(code, message) {
		super(message);
		this.code = code;
	}
}

let operations;
let token = null;
let language = "en";
let askForToken = null;

export const setLanguage = (code) => (language = code);
export const setToken = (text) => (token = text);
export const hasToken = () => token !== null;
/** How to get a fresh token once: a function that resolves to it, or to null. */
export const onTokenEnded = (ask) => (askForToken = ask);

export async function loadOperations() {
	const answer = await fetch(`${BASE}/operations.json`);
	if (!answer.ok) throw new Away();
	operations = await answer.json();
}

/** What the one field of an operation answers. Throws `Away`, `SignedOut` or `Failed`. */
export async function ask(name, variables = {}, again = true) {
	const data = await askAll(name, variables, again);
	return data[Object.keys(data)[0]];
}

/** All fields of an operation. */
export async function askAll(name, variables = {}, again = true) {
	if (!operations[name]) throw new Failed("UNKNOWN_OPERATION", name);
	if (token === null) throw new SignedOut();
	let answer;
	try {
		answer = await fetch("/graphql", {
			method: "POST",
			headers: {
				Authorization: `Bearer ${token}`,
				"Content-Type": "application/json",
				Accept: "application/graphql-response+json",
				"Accept-Language": language,
			},
			body: JSON.stringify({ documentId: operations[name], variables }),
			signal: AbortSignal.timeout(SECONDS * 1000),
		});
	} catch {
		throw new Away();
	}
	if (answer.status === 401) {
		const fresh = again && askForToken ? await askForToken() : null;
		if (!fresh) throw new SignedOut();
		token = fresh;
		return askAll(name, variables, false);
	}
	if (answer.status === 429 || answer.status >= 500) throw new Away(Number(answer.headers.get("retry-after")) || 2);
	let body;
	try {
		body = await answer.json();
	} catch {
		throw new Away(2);
	}
	if (body.data) return body.data;
	const [error] = body.errors;
	throw new Failed(error.extensions?.code ?? "", error.message);
}

/** A mutation: its success, or throws its `Refusal` as `Failed`. The request id is kept for a try after `Away`. */
export async function change(name, variables = {}, requestId = crypto.randomUUID()) {
	for (let left = 2; ; left -= 1) {
		try {
			const found = await ask(name, { requestId, ...variables });
			if ("retryable" in found) throw new Failed(found.code, found.message);
			return found;
		} catch (error) {
			if (!(error instanceof Away) || left === 0) throw error;
			await new Promise((resolve) => setTimeout(resolve, 1000 * (error.seconds || 1)));
		}
	}
}

/** Every page of a list, at most `most` rows. */
export async function askPages(name, most, variables = {}) {
	const rows = [];
	let after = null;
	do {
		const found = await ask(name, { ...variables, first: Math.min(50, most - rows.length), after });
		rows.push(...found.nodes);
		after = found.pageInfo.hasNextPage ? found.pageInfo.endCursor : null;
	} while (after && rows.length < most);
	return rows;
}

const PROTOCOL = "graphql-transport-ws";
const FORBIDDEN = 4403;

/** Keeps a subscription open, through every loss. `told(data)` gets each result, `state(open)` whether it is open. */
export function subscribe(name, told, state) {
	let socket = null;
	let tries = 0;
	let timer = 0;
	let ended = false;

	function open() {
		clearTimeout(timer);
		if (ended || token === null || !navigator.onLine) return;
		const url = new URL("/graphql", location.href);
		url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
		const mine = (socket = new WebSocket(url, PROTOCOL));
		mine.onopen = () => send({ type: "connection_init", payload: { authorization: `Bearer ${token}` } });
		mine.onmessage = ({ data }) => hear(JSON.parse(data));
		mine.onclose = async ({ code }) => {
			if (mine !== socket) return;
			socket = null;
			state(false);
			if (code === FORBIDDEN && askForToken) token = (await askForToken()) ?? token;
			again();
		};
	}

	const send = (message) => socket?.readyState === WebSocket.OPEN && socket.send(JSON.stringify(message));

	function hear(message) {
		if (message.type === "connection_ack") {
			tries = 0;
			send({ id: "1", type: "subscribe", payload: { query: operations[name] } });
			state(true);
		} else if (message.type === "next" && message.payload.data) told(message.payload.data);
		else if (message.type === "ping") send({ type: "pong" });
		else if (message.type === "error" || message.type === "complete") socket.close(1000);
	}

	// Longer each time, up to half a minute, and not all at once.
	function again() {
		if (ended) return;
		clearTimeout(timer);
		timer = setTimeout(open, Math.min(30_000, 500 * 2 ** tries) * (0.5 + Math.random() / 2));
		tries += 1;
	}

	const wake = () => !socket && ((tries = 0), open());
	addEventListener("online", wake);
	const drop = () => socket?.close();
	addEventListener("offline", drop);
	open();
	return () => {
		ended = true;
		removeEventListener("online", wake);
		removeEventListener("offline", drop);
		clearTimeout(timer);
		socket?.close(1000);
	};
}
