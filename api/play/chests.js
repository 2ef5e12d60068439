// Chests: what waits, what is being opened and until when, and what each kind holds, one tap away.

import { ask, change } from "./api.js";
import { button, h, openSheet, showTime, tell } from "./ui.js";
import { say } from "./words.js";

const SIGNS = { DIAMONDS: "💎", TICKETS: "🎟️", ENERGY: "⚡", GOODS: "📦" };
const SECOND = 1000;

export async function showChests(root, app) {
	const found = await ask("Chests");
	const again = () => app.go("chests");
	const running = found.chests.filter(({ state }) => state === "UNLOCKING");
	root.append(
		h("p", { class: "note" }, say("chestLead", { every: found.orderEvery, slots: found.slots })),
		...found.chests.map((chest) => chestCard(chest, app, again)),
		found.chests.length ? "" : h("p", { class: "card note" }, say("noChests")),
		h("section", { class: "card" }, h("h2", {}, say("chestKinds")), h("ul", { class: "list" }, found.kinds.map((kind) =>
			h("li", {}, h("button", { type: "button", onclick: () => showContents(kind) }, h("span", { "aria-hidden": "true" }, kind.emoji), kind.name,
				h("span", { class: "go" }, `${say("odds")} ›`)))))),
	);
	// The next one that is ready shows itself.
	const next = Math.min(...running.map(({ opensAt }) => Date.parse(opensAt)));
	const timer = running.length ? setTimeout(again, Math.min(next - Date.now() + SECOND, 2 ** 31 - 1)) : null;
	const ticking = setInterval(() => root.querySelectorAll("[data-until]").forEach((line) => {
		line.textContent = left(Number(line.dataset.until));
	}), SECOND);
	return () => {
		clearTimeout(timer);
		clearInterval(ticking);
	};
}

function left(until) {
	const seconds = Math.max(0, Math.ceil((until - Date.now()) / SECOND));
	const parts = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
	return parts.map((part) => String(part).padStart(2, "0")).join(":");
}

function chestCard(chest, app, again) {
	const { number, kind, opensAt, startsAt, hurryDiamonds } = chest;
	const ready = chest.state === "READY";
	const queue = async () => {
		await change("QueueChest", { number });
		await again();
	};
	const hurry = async () => {
		await change("HurryChest", { number, mostDiamonds: hurryDiamonds });
		app.game.open();
		await again();
	};
	const open = async () => {
		const { drops } = await change("OpenChest", { number });
		app.game.open();
		await again();
		showDrops(kind, drops);
	};
	const state = ready ? h("p", { class: "done" }, say("chestReady"))
		: opensAt ? h("p", { class: "note" }, chest.state === "UNLOCKING" ? h("b", { "data-until": Date.parse(opensAt) }, left(Date.parse(opensAt))) : say("chestWaits", { at: showTime(startsAt) }))
			: h("p", { class: "note" }, say("chestTakes", { n: Math.ceil(kind.unlockSeconds / 60) }));
	const act = ready ? button(say("openChest"), open, { class: "main gold" })
		: opensAt ? button(say("hurryChest", { n: hurryDiamonds }), hurry, { class: "soft" })
			: button(say("queueChest"), queue, { class: "main" });
	return h("section", { class: `card chest${ready ? " ready" : ""}`, "data-chest": number },
		h("span", { class: "emoji", "aria-hidden": "true" }, kind.emoji),
		h("div", {}, h("b", {}, kind.name), h("button", { class: "link", type: "button", onclick: () => showContents(kind) }, `％ ${say("odds")}`), state), act);
}

function showContents(kind) {
	openSheet(kind.name, () => [
		h("p", { class: "note" }, say("chestDrops", { n: kind.drops })),
		h("table", { class: "odds" }, h("tbody", {}, kind.contents.map((line) =>
			h("tr", {}, h("th", {}, `${SIGNS[line.prize] ?? "🎁"} ${line.amount}`), h("td", {}, `${line.percent}%`))))),
		h("p", { class: "hash" }, `SHA-256 ${kind.contentsHash}`),
	]);
}

function showDrops(kind, drops) {
	const names = drops.map(({ prize, amount }) => `${SIGNS[prize] ?? "🎁"}${amount}`);
	tell(say("chestOpened", { items: names.join(" ") }), "quiet");
	openSheet(`${kind.emoji} ${kind.name}`, () => h("ul", { class: "prizes" }, drops.map(({ prize, amount }, at) => {
		const made = h("li", {}, h("span", { class: "emoji", "aria-hidden": "true" }, SIGNS[prize] ?? "🎁"), h("b", {}, `× ${amount}`));
		made.style.animationDelay = `${at * 60}ms`;
		return made;
	})));
}
