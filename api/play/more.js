// What stands behind "more": the timeline, fairness, settings.

import { BASE, ask, change } from "./api.js";
import { button, h, rewards, showTime, tell } from "./ui.js";
import { LANGUAGES, language, say } from "./words.js";

const SCREENS = [["quests", "📜"], ["chests", "🎁"], ["myPrizes", "🏆"], ["timeline", "🕒"], ["fairness", "⚖️"], ["settings", "⚙️"]];
const PAGE = 30;

export function showMore(root, app) {
	root.append(
		h("section", { class: "card me" }, h("p", { class: "big" }, app.me.displayName ?? ""), h("p", { class: "note" }, app.me.tier.name)),
		h("ul", { class: "list" }, SCREENS.map(([name, sign]) => h("li", {}, h("button", { type: "button", "data-go": name, onclick: () => app.go(name) },
			h("span", { "aria-hidden": "true" }, sign), say(name), h("span", { class: "go", "aria-hidden": "true" }, "›"))))),
	);
}

export async function showTimeline(root) {
	const list = h("ol", { class: "events" });
	let after = null;
	const load = async () => {
		const { nodes, pageInfo } = await ask("Timeline", { first: PAGE, after });
		list.append(...nodes.map(event));
		after = pageInfo.endCursor;
		more.hidden = !pageInfo.hasNextPage;
	};
	const more = button(say("moreRows"), load, { class: "soft" });
	await load();
	root.append(list.children.length ? list : h("p", { class: "note" }, say("emptyList")), more);
}

/** Kinds are open: one that has no word here shows itself. Of the facts, what was paid or got. */
function event({ kind, at, facts }) {
	const told = JSON.parse(facts);
	const got = rewards(told);
	return h("li", { "data-kind": kind }, h("b", {}, say(`events.${kind}`).replaceAll("_", " ")), h("small", {}, showTime(at)),
		got ? h("p", { class: "note" }, got) : "");
}

export async function showSettings(root, app) {
	const me = await ask("Profile");
	const again = async (text) => {
		tell(text);
		await app.go("settings");
	};
	let sure = false;
	const erase = async (pressed) => {
		if (!sure) {
			sure = true;
			pressed.textContent = say("eraseSure");
			return;
		}
		const { eraseAt } = await change("EraseMe");
		await again(say("erasing", { at: showTime(eraseAt) }));
	};
	root.append(
		h("section", { class: "card" }, h("h2", {}, say("language")), h("div", { class: "row2" }, Object.entries(LANGUAGES).map(([code, name]) =>
			h("button", { type: "button", class: code === language() ? "main" : "soft", lang: code, "aria-pressed": String(code === language()), onclick: () => {
				app.setLanguage(code);
				location.reload();
			} }, name)))),
		h("section", { class: "card" }, h("h2", {}, say("exportData")), button(say("exportDo"), async () => {
			save(await ask("ExportMyData"));
			tell(say("exported"), "good");
		}, { class: "soft", id: "export" })),
		h("section", { class: "card" }, h("h2", {}, say("erase")), me.eraseAt
			? [h("p", { class: "bad" }, say("erasing", { at: showTime(me.eraseAt) })), button(say("keep"), async () => {
				await change("KeepMe");
				await again(say("kept"));
			}, { class: "main" })]
			: button(say("eraseDo"), erase, { class: "danger", id: "erase" })),
		h("section", { class: "card" }, button(say("leave"), () => app.signOut(), { class: "soft", id: "leave" }), h("p", { class: "note" }, `${say("version")} ${BASE.split("/").pop()}`)),
	);
}

/** Hands the text to the browser as a file. */
function save(text) {
	const url = URL.createObjectURL(new Blob([text], { type: "application/json" }));
	const link = h("a", { href: url, download: "mergemart.json" });
	link.click();
	setTimeout(() => URL.revokeObjectURL(url), 1000);
}
