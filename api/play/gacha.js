// The draw machine: pools with price, pity and one button to the odds; draws of one or ten.

import { ask, change } from "./api.js";
import { button, h, openSheet, showTime, tell } from "./ui.js";
import { say } from "./words.js";

const KINDS = { COUPON: "🎫", DIAMONDS: "💎", POINTS: "🪙", STAMPS: "🏷️", TICKETS: "🎟️", ENERGY: "⚡", GOODS: "📦", THING: "🎁" };
const CLASSES = { TOP: "★★", GUARANTEE: "★", PLAIN: "" };

export async function showDraw(root, app) {
	const [pools, limits, me] = await Promise.all([ask("Pools"), ask("DrawLimits"), ask("DrawMe")]);
	const again = () => app.go("draw");
	root.append(
		h("p", { class: "purse" }, `💎 ${me.wallet.diamonds}　🎟️ ${me.wallet.tickets}`),
		limits.excludedUntil ? h("p", { class: "card warn" }, say("excludedUntil", { at: showTime(limits.excludedUntil) })) : "",
		...pools.map((pool) => poolCard(pool, me, app, again)),
		h("p", { class: "note" }, say("left", { day: limits.dayLeft, month: limits.monthLeft })),
		me.birthYear ? "" : birthYear(again),
		h("details", { class: "card" }, h("summary", {}, say("exclude")), h("div", { class: "row2" },
			["HOURS_24", "DAYS_7", "DAYS_30"].map((period) => button(say(`excludeFor.${period}`), async () => {
				const { limits: now } = await change("SetSelfExclusion", { period });
				tell(say("excludedUntil", { at: showTime(now.excludedUntil) }));
				await again();
			}, { class: "soft" })))),
	);
}

function poolCard(pool, me, app, again) {
	const draw = async (count) => {
		const requestId = crypto.randomUUID();
		const done = await change("Draw", { poolId: pool.id, oddsHash: pool.oddsHash, count }, requestId);
		app.game.open();
		await again();
		showPrizes(done.draws, app);
	};
	const { pity } = pool;
	const why = pool.refusal;
	return h("section", { class: "card pool", "data-pool": pool.id },
		h("header", {}, h("h2", {}, pool.name), h("button", { class: "soft odds", type: "button", onclick: () => showOdds(pool) }, `％ ${say("odds")}`)),
		h("div", { class: "machine", "aria-hidden": "true" }, ...pool.odds.slice(0, 7).map((line) => h("span", { class: `ball ${line.prizeClass.toLowerCase()}` }, KINDS[line.kind] ?? "🎁"))),
		h("p", { class: "note" }, say("price", { n: pool.priceDiamonds }), pool.takesTickets ? ` · ${say("ticketsFirst", { n: me.wallet.tickets })}` : ""),
		h("p", { class: "note" }, say("pity", { n: pity.count }), pity.ceiling ? ` · ${say("ceiling", { n: pity.ceiling })}` : "", ` · ${say("nextChance", { percent: pity.nextTopPercent })}`),
		why ? h("p", { class: "bad" }, why.message) : "",
		h("div", { class: "row2" },
			button(say("drawOne"), () => draw(1), { class: "main", disabled: Boolean(why) }),
			button(say("drawTen"), () => draw(10), { class: "main gold", disabled: Boolean(why) })));
}

function showOdds(pool) {
	openSheet(`${pool.name}: ${say("odds")}`, () => [
		h("p", { class: "note" }, pool.notice),
		pool.tenGuarantee ? h("p", { class: "note" }, say("tenGuarantee")) : "",
		h("table", { class: "odds" },
			h("thead", {}, h("tr", {}, h("th", {}, ""), h("th", {}, say("stated")), h("th", {}, say("longRun")), h("th", {}, say("yourNext")))),
			h("tbody", {}, pool.odds.map((line) => h("tr", { class: line.prizeClass.toLowerCase() },
				h("th", {}, `${KINDS[line.kind] ?? "🎁"} ${line.name}`, CLASSES[line.prizeClass] ? h("b", { class: "stars" }, ` ${CLASSES[line.prizeClass]}`) : "",
					line.stockLeft === null ? "" : h("small", {}, ` ${line.stockLeft ? say("stock", { n: line.stockLeft }) : say("soldOut")}`)),
				h("td", {}, `${line.percent}%`), h("td", {}, `${line.consolidatedPercent}%`), h("td", {}, `${line.effectivePercent}%`))))),
		h("p", { class: "hash" }, `SHA-256 ${pool.oddsHash}`),
	]);
}

function showPrizes(draws, app) {
	tell(say("drawn", { items: draws.map((each) => each.name).join(", ") }), "quiet");
	openSheet(say("prizes"), (close) => [
		h("ul", { class: "prizes" }, draws.map((each, at) => {
			const made = h("li", { class: each.prizeClass.toLowerCase() }, h("span", { class: "emoji", "aria-hidden": "true" }, KINDS[each.kind] ?? "🎁"),
				h("b", {}, each.name), CLASSES[each.prizeClass] ? h("small", {}, CLASSES[each.prizeClass]) : "");
			made.style.animationDelay = `${at * 60}ms`;
			return made;
		})),
		button(say("verify"), () => {
			close();
			app.go("fairness");
		}, { class: "soft" }),
	]);
}

function birthYear(again) {
	const year = h("input", { type: "number", min: 1900, max: 2100, inputmode: "numeric", id: "birthYear", placeholder: "1990" });
	return h("section", { class: "card" }, h("label", { for: "birthYear" }, say("birthYear")), h("p", { class: "note" }, say("birthWhy")),
		h("div", { class: "row2" }, year, button(say("tellBirthYear"), async () => {
			await change("SetBirthYear", { birthYear: Number(year.value) });
			await again();
		}, { class: "soft" })));
}
