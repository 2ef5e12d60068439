// Small pieces that every screen is made of.

import { language, say } from "./words.js";

/** An element. `on...` props are listeners, `class` and others attributes; null and false leave out. */
export function h(tag, props = {}, ...children) {
	const made = document.createElement(tag);
	for (const [name, value] of Object.entries(props ?? {})) {
		if (value === null || value === undefined || value === false) continue;
		if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
		else if (name === "value" || name === "disabled" || name === "checked") made[name] = value;
		else made.setAttribute(name, value === true ? "" : value);
	}
	made.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
	return made;
}

const keys = new WeakMap();

/** Makes a part anew only where `key` differs, so that nothing vanishes under a finger; the focus stays in its place. */
export function renew(node, key, make) {
	const text = JSON.stringify([key, language()]);
	if (keys.get(node) === text) return;
	keys.set(node, text);
	const at = [...node.querySelectorAll("button")].indexOf(document.activeElement);
	node.replaceChildren(...make());
	if (at >= 0) node.querySelectorAll("button")[at]?.focus();
}

/** Says a result to everybody: shown for a moment, and read out; "quiet" is read out alone. */
export function tell(text, kind = "") {
	const box = document.getElementById("said");
	const line = h("p", { class: `said ${kind}` }, text);
	box.append(line);
	while (box.children.length > 2) box.firstChild.remove();
	setTimeout(() => line.remove(), 3500);
}

/** A sheet over the page; resolves when it is closed. `fill(close)` gives its content. */
export function openSheet(title, fill) {
	const sheet = h("dialog", { class: "sheet", "aria-label": title });
	const close = () => sheet.close();
	sheet.append(
		h("header", {}, h("h2", {}, title), h("button", { class: "link", onclick: close, "aria-label": say("close") }, "✕")),
	);
	sheet.append(...[fill(close)].flat());
	sheet.addEventListener("click", (event) => event.target === sheet && close());
	sheet.addEventListener("close", () => sheet.remove());
	document.body.append(sheet);
	sheet.showModal();
	return sheet;
}

/** A button that shows that it works, and cannot be pressed twice meanwhile. */
export function button(text, act, props = {}) {
	const made = h("button", { ...props, type: "button" }, text);
	made.addEventListener("click", async () => {
		if (made.getAttribute("aria-busy")) return;
		made.setAttribute("aria-busy", "true");
		try {
			await act(made);
		} catch (error) {
			failed(error);
		}
		made.removeAttribute("aria-busy");
	});
	return made;
}

/** Says why something did not work; what is nobody's refusal goes to the console too. */
export function failed(error) {
	const known = { Away: say("away"), SignedOut: say("signedOut") }[error.constructor.name];
	if (!known && error.constructor.name !== "Failed") console.error(error);
	tell(known ?? error.message, "bad");
}

const format = (options) => (at) => new Intl.DateTimeFormat(language(), options).format(new Date(at));
export const showTime = format({ month: "short", day: "numeric", hour: "2-digit", minute: "2-digit" });
export const showDate = format({ year: "numeric", month: "short", day: "numeric" });
export const showNumber = (number) => new Intl.NumberFormat(language()).format(number);

/** What a check-in or a level pays, in a few signs. */
export function rewards({ diamonds, energy, tickets, points }) {
	const parts = [["💎", diamonds], ["⚡", energy], ["🎟️", tickets], ["🪙", points]];
	return parts.filter(([, amount]) => amount).map(([sign, amount]) => `${sign}${amount}`).join(" ");
}

/** Colours of levels; the badge's shape tells them apart too. */
export const levelClass = (level) => `lv${Math.min(level, 12)}`;
