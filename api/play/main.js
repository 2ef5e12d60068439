// The app: signs in, opens the game, shows one screen at a time.

import * as api from "./api.js";
import { showChests } from "./chests.js";
import { showCheckIn } from "./checkin.js";
import { showCoupons } from "./coupons.js";
import { showFairness } from "./fairness.js";
import { Game } from "./game.js";
import { showDraw } from "./gacha.js";
import { showMore, showSettings, showTimeline } from "./more.js";
import { showPrizes } from "./prizes.js";
import { showQuests } from "./quests.js";
import { sayTold, showShop } from "./shop.js";
import { button, failed, h, tell } from "./ui.js";
import { chooseLanguage, language, say } from "./words.js";

const TABS = [["shop", "🏪", showShop], ["checkIn", "📅", showCheckIn], ["draw", "🎰", showDraw],
	["coupons", "🎫", showCoupons], ["more", "☰", showMore]];
// Screens behind "more"; a new one is a line here, a line in more.js and its words.
const BEHIND = { quests: showQuests, chests: showChests, myPrizes: showPrizes, timeline: showTimeline, fairness: showFairness, settings: showSettings };
const NAME = "mergemart.name";
const LANGUAGE = "mergemart.language";
const SIGN_IN_SECONDS = 60;

const root = document.getElementById("app");
const app = { game: null, goods: {}, chains: {}, me: null, go, signOut, setLanguage };
let end = () => {};
let unsubscribe = () => {};
let screen = "shop";
let waitingForToken = null;

// The members' app hands tokens in here; see docs/play.md.
window.mergemart = {
	signIn(token) {
		api.setToken(token);
		if (waitingForToken) waitingForToken(token);
		else if (!app.game) start();
	},
	signOut,
};
window.dispatchEvent(new Event("mergemart:ready"));

function askForToken() {
	if (api.DEMO) return Promise.resolve(null);
	window.dispatchEvent(new Event("mergemart:token-needed"));
	return new Promise((resolve) => {
		const late = setTimeout(() => waitingForToken?.(null), SIGN_IN_SECONDS * 1000);
		waitingForToken = (token) => {
			clearTimeout(late);
			waitingForToken = null;
			resolve(token);
		};
	});
}

function setLanguage(code) {
	localStorage.setItem(LANGUAGE, code);
	chooseLanguage(code);
	api.setLanguage(code);
}

async function boot() {
	setLanguage(chooseLanguage(localStorage.getItem(LANGUAGE)));
	api.onTokenEnded(askForToken);
	keepFiles();
	const name = localStorage.getItem(NAME);
	if (api.DEMO && name) api.setToken(`demo:${name}`);
	if (api.hasToken()) await start();
	else showSignIn();
}

function showSignIn() {
	const field = h("input", { id: "name", autocomplete: "nickname", maxlength: 64, pattern: "[A-Za-z0-9._\\-]+", required: true });
	const form = h("form", { class: "signIn", onsubmit: (event) => {
		event.preventDefault();
		localStorage.setItem(NAME, field.value);
		api.setToken(`demo:${field.value}`);
		start();
	} },
	h("div", { class: "logo", "aria-hidden": "true" }, "🥛🧈🧀"), h("h1", {}, say("title")),
	...(api.DEMO ? [h("label", { for: "name" }, say("yourName")), field, h("small", {}, say("nameHint")),
		h("button", { class: "main" }, say("signIn")), h("p", { class: "note" }, say("demo"))]
		: [h("p", {}, say("waitingForApp"))]),
	h("button", { type: "button", class: "link", onclick: () => {
		setLanguage(language() === "en" ? "zh-TW" : "en");
		showSignIn();
	} }, language() === "en" ? "繁體中文" : "English"));
	root.replaceChildren(h("main", { class: "door" }, form));
	if (!api.DEMO) window.dispatchEvent(new Event("mergemart:token-needed"));
}

/** Loads everything and opens the game; offline, what was kept of it. */
async function start() {
	root.replaceChildren(h("main", { class: "door" }, h("p", {}, say("loading"))));
	try {
		await api.loadOperations();
		await openGame();
	} catch (error) {
		if (error instanceof api.SignedOut) {
			localStorage.removeItem(NAME);
			api.setToken(null);
			showSignIn();
			tell(say("signedOut"), "bad");
			return;
		}
		failed(error);
		root.replaceChildren(h("main", { class: "door" }, button(say("retry"), start, { class: "main" })));
		return;
	}
	go("shop");
	unsubscribe = api.subscribe("BoardChanged", ({ boardChanged }) => app.game?.heard(boardChanged.revision),
		(open) => document.body.classList.toggle("live", open));
	api.change("OpenApp", { device: { system: "WEB" } }).catch(() => {});
}

const KEPT = "mergemart.kept";

async function openGame() {
	const kept = JSON.parse(localStorage.getItem(KEPT) ?? "null");
	let shop = null;
	let chains = null;
	try {
		[shop, chains] = await Promise.all([api.askAll("Shop"), api.ask("Chains")]);
	} catch (error) {
		const mine = kept && kept.name === localStorage.getItem(NAME) && api.DEMO;
		if (!(error instanceof api.Away) || !mine) throw error;
		({ me: app.me, chains } = kept);
	}
	if (shop) app.me = shop.me;
	readChains(chains);
	const lengths = Object.fromEntries(chains.map((chain) => [chain.code, chain.levels.length]));
	app.game = new Game({ store: await chooseStore(), name: `mergemart.game.${app.me.id}`, lengths });
	app.game.addEventListener("changed", drawConnection);
	app.game.addEventListener("told", ({ detail }) => {
		const text = sayTold(detail, app);
		if (text) tell(text, detail.kind === "dropped" ? "bad" : detail.kind);
	});
	if (shop) {
		localStorage.setItem(KEPT, JSON.stringify({ name: localStorage.getItem(NAME), me: app.me, chains }));
		app.streak = shop.streak;
		app.game.take(shop.board, shop.me.wallet);
		app.game.open();
	}
	if (!app.game.confirmed) throw new api.Away();
	if (!shop) app.game.missed(new api.Away());
}

/** One page keeps its moves for good; a second one beside it keeps its own as long as it is open. */
function chooseStore() {
	if (!navigator.locks) return localStorage;
	return new Promise((resolve) => {
		navigator.locks.request("mergemart.play", { ifAvailable: true }, (lock) => {
			resolve(lock ? localStorage : sessionStorage);
			return lock ? new Promise(() => {}) : null;
		});
	});
}

function readChains(chains) {
	for (const chain of chains) {
		app.chains[chain.code] = chain.name;
		for (const item of chain.levels) app.goods[`${chain.code}.${item.level}`] = item;
	}
}

/** Shows a screen by its name. */
async function go(name) {
	end();
	end = () => {};
	screen = name;
	const [, , tab] = TABS.find(([code]) => code === name) ?? [];
	const behind = BEHIND[name];
	const main = h("main", { class: `screen ${name}`, id: "screen" });
	if (behind) main.append(h("header", { class: "behind" }, h("button", { class: "link", type: "button", onclick: () => go("more") }, `‹ ${say("back")}`), h("h1", {}, say(name))));
	const nav = h("nav", { "aria-label": say("title") }, TABS.map(([code, sign]) => {
		const here = code === name || (behind && code === "more");
		return h("button", { type: "button", "data-tab": code, "aria-current": here ? "page" : null, onclick: () => go(code) },
			h("span", { "aria-hidden": "true" }, sign), say(code));
	}));
	root.replaceChildren(h("div", { id: "connection" }), main, nav);
	drawConnection();
	try {
		const ends = await (behind ?? tab)(main, app);
		if (screen !== name || !main.isConnected) ends?.();
		else end = ends ?? end;
	} catch (error) {
		failed(error);
		if (main.isConnected) main.append(button(say("retry"), () => go(name), { class: "main" }));
	}
}

let wasAway = false;

function drawConnection() {
	const line = document.getElementById("connection");
	if (!line || !app.game) return;
	const { away, waiting } = app.game;
	line.className = away ? "away" : "";
	line.textContent = away ? (waiting ? say("offline", { n: waiting }) : say("offlineNone")) : "";
	if (wasAway && !away && !waiting) tell(say("sent"), "good");
	wasAway = away || (wasAway && waiting > 0);
}

function signOut() {
	unsubscribe();
	end();
	if (app.game?.waiting) tell(say("leaveKept", { n: app.game.waiting }));
	const kept = app.game?.waiting ? [] : [app.game?.name];
	for (const key of Object.keys(localStorage)) {
		if (key === NAME || key === KEPT || kept.includes(key) || key.startsWith("mergemart.coupons.")) localStorage.removeItem(key);
	}
	api.setToken(null);
	location.reload();
}

addEventListener("visibilitychange", () => {
	if (document.visibilityState === "visible" && app.game?.confirmed && navigator.onLine) app.game.open();
});

/** Has the worker keep this version's files, so that the game opens without a network. */
async function keepFiles() {
	if (!("serviceWorker" in navigator)) return;
	try {
		await navigator.serviceWorker.register("/play/worker.js", { scope: "/play" });
		const { active } = await navigator.serviceWorker.ready;
		const names = ["play.css", "icon.svg", "app.webmanifest", "operations.json", "main.js", "api.js", "checkin.js", "chests.js", "codes.js", "coupons.js",
			"fair.js", "fairness.js", "gacha.js", "game.js", "more.js", "prizes.js", "qr.js", "quests.js", "rules.js", "shop.js", "ui.js", "words.js"];
		active.postMessage({ keep: ["/play", ...names.map((name) => `${api.BASE}/${name}`)] });
	} catch (error) {
		console.warn("the game will not open without a network", error);
	}
}

boot();
