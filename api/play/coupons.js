// Coupons: the code with its turning token as QR and Code 128, made here without the network; and offers to buy.

import { Away, askPages, change } from "./api.js";
import { drawCode128, drawEan13, drawQr, tokenAt } from "./codes.js";
import { button, h, openSheet, showDate, tell } from "./ui.js";
import { say } from "./words.js";

const KEPT = "mergemart.coupons.";

export async function showCoupons(root, app) {
	const name = KEPT + app.me.id;
	let coupons;
	try {
		coupons = await askPages("CouponsToShow", 100);
		localStorage.setItem(name, JSON.stringify(coupons));
	} catch (error) {
		if (!(error instanceof Away)) throw error;
		coupons = JSON.parse(localStorage.getItem(name) ?? "[]").filter(({ expiresAt }) => Date.parse(expiresAt) > Date.now());
	}
	root.append(
		app.me.cardNo ? h("section", { class: "card memberCard" }, h("h2", {}, say("memberCard")),
			drawEan13(app.me.cardNo, `${say("memberCard")} ${app.me.cardNo}`), h("p", { class: "code" }, app.me.cardNo)) : "",
		...(coupons.length ? coupons.map(couponCard) : [h("p", { class: "note" }, say("noCoupons"))]),
		h("section", { class: "card offers" }, h("h2", {}, say("offers")), h("div", { id: "offers" }, await offerList(app))),
	);
}

const couponCard = (coupon) => h("button", { class: "card coupon", type: "button", "data-coupon": coupon.id, onclick: () => show(coupon) },
	h("b", {}, coupon.name), h("small", {}, coupon.terms), h("span", { class: "note" }, say("until", { date: showDate(coupon.expiresAt) })), h("span", { class: "go" }, say("showAtTill"), " ›"));

/** The coupon large, white and turning. Whoever shows it spends it, so the token lives as short as it can. */
function show(coupon) {
	const place = h("div", { class: "codes" });
	const timer = h("p", { class: "note", "aria-hidden": "true" });
	const sheet = openSheet(coupon.name, () => [place, h("p", { class: "code" }, coupon.code.replace(/(.{4})(?!$)/g, "$1 ")), timer,
		h("p", { class: "note" }, coupon.terms), coupon.print ? h("p", { class: "note" }, say("printable")) : ""]);
	sheet.classList.add("light");
	const period = coupon.token.periodSeconds * 1000;
	let shown = "";
	const turn = async () => {
		const now = Date.now();
		timer.textContent = say("newIn", { n: Math.ceil((period - (now % period)) / 1000) });
		const text = `${coupon.code}.${await tokenAt(coupon.token, now)}`;
		if (text === shown || !sheet.open) return;
		shown = text;
		place.dataset.shown = text;
		const label = say("codeFor", { code: coupon.code });
		place.replaceChildren(drawQr(text, label), drawCode128(text, label));
	};
	turn();
	const turning = setInterval(turn, 500);
	sheet.addEventListener("close", () => clearInterval(turning));
}

async function offerList(app) {
	let offers;
	try {
		offers = await askPages("Offers", 50);
	} catch (error) {
		if (!(error instanceof Away)) throw error;
		return [h("p", { class: "note" }, say("away"))];
	}
	return offers.filter(({ price }) => price).map((offer) => {
		const price = say("buy", { amount: offer.price.amount, currency: say(`currencies.${offer.price.currency}`) });
		const buy = async () => {
			await change("BuyCoupon", { offerId: offer.id });
			tell(say("bought", { name: offer.name }), "good");
			app.game.open();
			await app.go("coupons");
		};
		return h("div", { class: "offer" }, h("div", {}, h("b", {}, offer.name), h("small", {}, offer.refusal?.message ?? offer.terms)),
			button(price, buy, { class: "soft", disabled: Boolean(offer.refusal) }));
	});
}
