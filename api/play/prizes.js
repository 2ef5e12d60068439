// Prizes that are things: what was won, until when it can be claimed, where it comes to, and the code for the shop.

import { ask, askPages, change } from "./api.js";
import { button, h, openSheet, showDate, showNumber, tell } from "./ui.js";
import { say } from "./words.js";

const OPEN = ["WON", "TAX_HOLD", "CLAIMED", "READY"];
const money = (minor, currency) => `${currency} ${showNumber(minor / 100)}`;

export async function showPrizes(root, app) {
	const [prizes, catalogue] = await Promise.all([askPages("Prizes", 50), ask("Catalogue")]);
	const again = () => app.go("myPrizes");
	const shown = [...prizes].sort((one, other) => OPEN.includes(other.state) - OPEN.includes(one.state));
	root.append(...(shown.length ? shown.map((prize) => prizeCard(prize, again)) : [h("p", { class: "card note" }, say("noPrizes"))]),
		catalogue.length ? h("section", { class: "card offers" }, h("h2", {}, say("catalogue")), catalogue.map((item) => pickCard(item, again))) : "");
}

function prizeCard(prize, again) {
	const { state } = prize;
	const open = OPEN.includes(state);
	return h("section", { class: `card prize${open ? "" : " past"}`, "data-prize": prize.id },
		h("h2", {}, `🎁 ${prize.name}`), h("p", { class: "note" }, prize.terms),
		h("p", {}, h("b", {}, say(`prizeStates.${state}`)), open && prize.dueAt ? ` · ${say("dueBy", { date: showDate(prize.dueAt) })}` : ""),
		prize.withheldMinor ? h("p", { class: "note" }, say("withheld", { amount: money(prize.withheldMinor, prize.currency) })) : "",
		prize.store ? h("p", { class: "note" }, say("pickupAt", { store: prize.store.name })) : "",
		prize.trackingNo ? h("p", { class: "note" }, `${say("tracking")} ${prize.trackingNo}`) : "",
		state === "READY" && prize.code ? h("p", { class: "code" }, prize.code) : "",
		state === "WON" ? button(say("claimPrize"), () => claim(prize, again), { class: "main" }) : "");
}

const field = (name, key = name, more = {}) => h("label", {}, say(`fields.${name}`), h("input", { name: key, required: true, maxlength: 200, ...more }));

/** Asks for a shop or an address, and for the identity where the tax asks for it. */
function claim(prize, again) {
	const posted = prize.deliveries.includes("POST");
	const store = h("select", { name: "storeId" }, posted ? h("option", { value: "" }, say("byPost")) : "",
		prize.stores.map(({ id, name }) => h("option", { value: id }, name)));
	const address = h("fieldset", {}, field("recipient"), field("phone", "phone", { type: "tel" }), field("postcode"), field("lines"));
	const identity = h("fieldset", {}, h("p", { class: "note" }, say("identityWhy")), field("name"), field("number"), field("address"),
		h("label", { class: "check" }, h("input", { type: "checkbox", name: "resident", checked: true }), say("fields.resident")));
	identity.hidden = identity.disabled = !prize.needsIdentity;
	const choose = () => {
		address.hidden = address.disabled = !posted || store.value !== "";
	};
	store.addEventListener("change", choose);
	choose();
	openSheet(prize.name, (close) => {
		const form = h("form", { class: "claimForm", onsubmit: (event) => event.preventDefault() },
			prize.stores.length ? h("label", {}, say("where"), store) : "", address, identity,
			button(say("claimPrize"), async () => {
				if (!form.reportValidity()) return;
				const { storeId, recipient, phone, postcode, lines, name, number, address: home, resident } = Object.fromEntries(new FormData(form));
				await change("ClaimPrize", {
					prizeId: prize.id, storeId: storeId || null,
					address: address.disabled ? null : { recipient, phone, postcode, lines },
					identity: prize.needsIdentity ? { name, number, address: home, resident: resident === "on" } : null,
				});
				close();
				tell(say("prizeClaimed"), "good");
				await again();
			}, { class: "main" }));
		return form;
	});
}

/** What stamps and some money bring, at a shop that has it. */
function pickCard(item, again) {
	const open = item.stores.filter(({ left }) => left > 0);
	const store = h("select", { "aria-label": say("where") }, open.map(({ store: { id, name }, left }) => h("option", { value: id }, `${name} (${left})`)));
	const price = [`🏷️ ${item.stamps}`, item.cashMinor ? money(item.cashMinor, item.currency) : ""].filter(Boolean).join(" + ");
	return h("div", { class: "offer", "data-thing": item.thing }, h("div", {}, h("b", {}, item.name), h("small", {}, item.terms), open.length ? store : h("small", {}, say("noneLeft"))),
		button(price, async () => {
			await change("PickThing", { thing: item.thing, storeId: store.value });
			tell(say("bought", { name: item.name }), "good");
			await again();
		}, { class: "soft", disabled: !open.length }));
}
