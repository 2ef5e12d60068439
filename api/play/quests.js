// Quests: of the day, the week and the season, each with how far it is and what it pays, once.

import { ask, change } from "./api.js";
import { button, h, rewards, showTime, tell } from "./ui.js";
import { say } from "./words.js";

const PERIODS = ["DAY", "WEEK", "SEASON"];

export async function showQuests(root, app) {
	const quests = await ask("Quests");
	const claim = (quest) => async () => {
		await change("ClaimQuest", { code: quest.code });
		app.game.open();
		tell(say("questClaimed", { name: quest.name, pays: rewards(quest.reward) }), "good");
		await app.go("quests");
	};
	root.append(...PERIODS.map((period) => {
		const own = quests.filter((quest) => quest.period === period);
		return own.length ? h("section", { class: "card" }, h("h2", {}, say(`periods.${period}`)),
			h("ul", { class: "quests" }, own.map((quest) => line(quest, claim(quest))))) : "";
	}));
	if (!quests.length) root.append(h("p", { class: "card note" }, say("emptyList")));
}

function line(quest, claim) {
	const progress = Math.min(quest.progress, quest.target);
	const fill = h("i", {});
	fill.style.width = `${Math.floor((100 * progress) / quest.target)}%`;
	const act = quest.claimed ? h("span", { class: "done" }, `✓ ${say("claimedQuest")}`)
		: button(rewards(quest.reward), claim, { class: quest.claimable ? "main gold" : "soft", disabled: !quest.claimable, "aria-label": `${say("claimPrize")}: ${quest.name}, ${rewards(quest.reward)}` });
	return h("li", { "data-quest": quest.code }, h("div", {}, h("b", {}, quest.name), h("span", { class: "meter", role: "img", "aria-label": `${progress} / ${quest.target}` }, fill),
		h("small", {}, `${progress} / ${quest.target}`, quest.until ? ` · ${say("until", { date: showTime(quest.claimableUntil ?? quest.until) })}` : "")), act);
}
