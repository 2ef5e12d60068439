// The check-in: today's button, the week's rewards, the month day by day, and what repairs a streak.

import { ask, change } from "./api.js";
import { button, h, rewards, showTime, tell } from "./ui.js";
import { language, say } from "./words.js";

const SIGNS = { CHECKED_IN: "✓", MADE_UP: "✓", FROZEN: "❄", MENDED: "✓", TRAVEL: "✈", FORGIVEN: "☂", MISSED: "✕", TODAY: "●", AHEAD: "", BEFORE: "" };

export async function showCheckIn(root, app) {
	const [calendar, streak] = await Promise.all([ask("Calendar"), ask("Streak")]);

	async function again(text) {
		tell(text, "good");
		await app.go("checkIn");
	}

	async function checkIn() {
		const done = await change("CheckIn", { day: streak.today });
		app.game.open();
		await again(say("checkedIn", { pays: rewards(done.reward) }));
	}

	async function makeUp(day) {
		const done = await change("MakeUp", { day });
		app.game.open();
		await again(say("madeUp", { pays: rewards(done.reward) }));
	}

	const pays = rewards(calendar.nextReward);
	const next = streak.nextAt ? h("p", { class: "note" }, say("nextAt", { at: showTime(streak.nextAt) })) : "";
	root.append(
		h("section", { class: "card today" },
			h("p", { class: "big" }, say("streak", { n: streak.length })),
			h("p", { class: "note" }, say("total", { n: streak.total, longest: streak.longest }), " · ",
				say("freezes", { n: streak.freezes, most: streak.freezesMost })),
			streak.checkedInToday ? h("p", { class: "done" }, `✓ ${say("doneToday")}`)
				: button(`${say("doCheckIn")}　${pays}`, checkIn, { class: "main", id: "doCheckIn" }),
			streak.checkedInToday ? next : ""),
		streak.repair ? repairCard(streak.repair, again) : "",
		h("section", { class: "card" }, h("h2", {}, say("cycle")),
			h("ol", { class: "cycle" }, calendar.cycle.map((reward, at) =>
				h("li", { class: at < streak.cycleDay ? "past" : at === streak.cycleDay % 7 && !streak.checkedInToday ? "now" : "" },
					h("b", {}, String(at + 1)), h("span", {}, reward.chest ? "🎁" : "", h("small", {}, rewards(reward))))))),
		h("section", { class: "card" }, h("h2", {}, monthName(calendar.today)), month(calendar, makeUp),
			calendar.makeUpsLeft ? h("p", { class: "note" }, say("makeUpsLeft", { n: calendar.makeUpsLeft })) : ""),
	);
}

function repairCard(repair, again) {
	const enough = repair.ordersDelivered >= repair.ordersNeeded;
	const pay = async (payDiamonds) => {
		await change("RepairStreak", { payDiamonds });
		await again(say("repaired"));
	};
	return h("section", { class: "card warn" }, h("h2", {}, say("repair", { n: repair.length })),
		h("p", { class: "note" }, say("until", { date: showTime(repair.until) })),
		h("div", { class: "row2" },
			button(say("repairOrders", { done: repair.ordersDelivered, needed: repair.ordersNeeded }), () => pay(false), { disabled: !enough, class: "soft" }),
			button(say("repairPay", { n: repair.diamonds }), () => pay(true), { class: "soft" })));
}

const utc = (day) => new Date(`${day}T00:00:00Z`);
const monthName = (day) => new Intl.DateTimeFormat(language(), { year: "numeric", month: "long", timeZone: "UTC" }).format(utc(day));

function month({ days, today, makeUpsLeft }, makeUp) {
	const weekday = new Intl.DateTimeFormat(language(), { weekday: "narrow", timeZone: "UTC" });
	const heads = Array.from({ length: 7 }, (_, at) => h("span", { class: "head", "aria-hidden": "true" }, weekday.format(new Date(Date.UTC(2023, 0, 1 + at)))));
	const blanks = Array.from({ length: utc(days[0].day).getUTCDay() }, () => h("span", {}));
	const cells = days.map(({ day, state, reward }) => {
		const label = `${Number(day.slice(8))}, ${say(`dayStates.${state}`)}${rewards(reward) ? `, ${rewards(reward)}` : ""}`;
		const can = state === "MISSED" && makeUpsLeft > 0;
		const inside = [h("b", {}, String(Number(day.slice(8)))), h("small", {}, SIGNS[state] || (reward.chest ? "🎁" : "·"))];
		const look = `day ${state.toLowerCase()}${day === today ? " here" : ""}`;
		if (!can) return h("span", { class: look, role: "img", "aria-label": label }, inside);
		return h("button", { class: look, type: "button", "aria-label": `${say("makeUp")} ${label}`, onclick: () => makeUp(day).catch((error) => tell(error.message, "bad")) }, inside);
	});
	return h("div", { class: "month" }, heads, blanks, cells);
}
