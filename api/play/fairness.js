// Fairness: the commitment, the member's word, the reveal, and every past draw checked in this browser.

import { ask, askPages, change } from "./api.js";
import { verify } from "./fair.js";
import { button, h, showTime, tell } from "./ui.js";
import { say } from "./words.js";

const MOST = 100;
const AT_ONCE = 6;
const MARKS = { proved: "✓", open: "…", wrong: "✕" };

export async function showFairness(root, app) {
	const [seed, draws] = await Promise.all([ask("Seed"), askPages("PastDraws", MOST)]);
	const word = h("input", { id: "clientSeed", value: seed.clientSeed, maxlength: 64, pattern: "[A-Za-z0-9_\\-]{1,64}", autocapitalize: "off", spellcheck: "false" });
	const summary = h("p", { class: "summary", id: "summary", role: "status" });
	const list = h("ul", { class: "checks" }, draws.length ? draws.map(line) : h("li", { class: "note" }, say("noDraws")));


	root.append(
		h("p", { class: "lead" }, say("fairLead")),
		h("section", { class: "card" },
			h("h2", {}, say("commit", { n: seed.epoch })), h("p", { class: "hash" }, seed.commitSha256),
			h("label", { for: "clientSeed" }, say("clientSeed")), h("p", { class: "note" }, say("seedHint")),
			h("div", { class: "row2" }, word, button(say("setSeed"), async () => {
				await change("SetClientSeed", { clientSeed: word.value });
				tell(say("seedSet"), "good");
			}, { class: "soft" })),
			h("p", { class: "note" }, say("revealWhy")),
			button(say("reveal"), async () => {
				const { epoch } = await change("RevealSeed", { clientSeed: word.value });
				tell(say("revealed", { n: epoch }), "good");
				await app.go("fairness");
			}, { class: "soft", id: "reveal" })),
		h("section", { class: "card" },
			button(say("checkAll"), () => checkAll(draws, list, summary), { class: "main", id: "checkAll", disabled: !draws.length }), summary, list),
	);
}

const line = (draw) => h("li", { "data-draw": draw.id }, h("details", {},
	h("summary", {}, h("span", { class: "mark" }, "·"), h("b", {}, draw.name), h("small", {}, `${showTime(draw.at)} · ${draw.epoch}/${draw.nonce}`)),
	h("div", { class: "why" })));

async function checkAll(draws, list, summary) {
	summary.textContent = say("checking", { n: draws.length });
	const counts = { proved: 0, open: 0, wrong: 0 };
	const waiting = [...draws];
	const checkNext = async () => {
		for (let draw = waiting.shift(); draw; draw = waiting.shift()) {
			const { document: text } = await ask("DrawReceipt", { id: draw.id });
			const told = await verify(text);
			counts[told.state] += 1;
			show(list.querySelector(`[data-draw="${draw.id}"]`), told);
		}
	};
	await Promise.all(Array.from({ length: AT_ONCE }, checkNext));
	summary.textContent = say("summary", counts);
	summary.dataset.done = "yes";
}

function show(row, { state, proved, claimed, wrong }) {
	if (!row) return;
	row.className = state;
	row.querySelector(".mark").textContent = MARKS[state];
	row.querySelector(".mark").setAttribute("aria-label", say({ proved: "proved", open: "unproved", wrong: "wrong" }[state]));
	const named = (steps) => steps.map((step) => say(`steps.${step}`)).join("; ");
	row.querySelector(".why").replaceChildren(
		...[["provedWhat", proved], ["claimedWhat", claimed], ["wrongWhat", wrong]].filter(([, steps]) => steps.length)
			.map(([key, steps]) => h("p", { class: "note" }, say(key, { what: named(steps) }))));
}
