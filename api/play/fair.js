// Checks a draw's receipt, from docs/fairness.md alone; nothing here asks the server.

const utf8 = new TextEncoder();
const hex = (bytes) => [...new Uint8Array(bytes)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
const unhex = (text) => new Uint8Array((text.match(/../g) ?? []).map((pair) => parseInt(pair, 16)));

/** Canonical JSON (RFC 8785) of what holds whole numbers and ASCII keys alone. */
export function canonical(value) {
	if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
	if (value === null || typeof value !== "object") return JSON.stringify(value);
	return `{${Object.keys(value).sort().map((key) => `${JSON.stringify(key)}:${canonical(value[key])}`).join(",")}}`;
}

export const sha256 = async (bytes) => hex(await crypto.subtle.digest("SHA-256", bytes));
const hashOf = (value) => sha256(utf8.encode(canonical(value)));
const importSeed = (seed) => crypto.subtle.importKey("raw", seed, { name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
const mac = (key, text) => crypto.subtle.sign("HMAC", key, utf8.encode(text));

/** `Roll(label, limit)`: {value, block}. */
export async function roll(key, { label, limit, pool, oddsVersion, member, clientSeed, nonce }) {
	const wide = BigInt(limit);
	const fair = ((1n << 64n) / wide) * wide;
	for (let block = 0; ; block += 1) {
		const digest = await mac(key, [label, pool, oddsVersion, member, clientSeed, nonce, block].join("|"));
		const x = new DataView(digest).getBigUint64(0);
		if (x < fair) return { value: wide <= 2n ** 53n ? Number(x % wide) : x % wide, block };
	}
}

export const seedKey = (seedHex) => importSeed(unhex(seedHex));

const weigh = (prizes) => prizes.reduce((sum, prize) => sum + prize.weight, 0);
const isTop = (prize) => prize.class === "TOP";

/** The chance of TOP at draw k since the last one, in parts per million. */
export function hazard(odds, k) {
	const base = weigh(odds.prizes.filter(isTop));
	const rule = odds.hazard;
	if (!rule) return base;
	if (rule.ceiling && k >= rule.ceiling) return 1_000_000;
	if (rule.rises_from && k >= rule.rises_from) return Math.min(1_000_000, base + rule.step_ppm * (k - rule.rises_from + 1));
	const reached = (rule.raised ?? []).filter((each) => each.draw <= k);
	return reached.length ? reached[reached.length - 1].ppm : base;
}

/** The prize that a roll picks: the first whose cumulative weight is greater. */
export function pick(prizes, value) {
	let sum = 0;
	return prizes.find((prize) => (sum += prize.weight) > value);
}

/** One draw: its rolls, prize, pity after it. `roller(label, limit)` gives {value, block}. */
async function drawOnce(odds, pity, { tenth, nothingBefore }, roller) {
	const rolls = [];
	const rollOf = async (label, limit) => {
		const found = await roller(label, limit);
		rolls.push({ label, limit, ...found });
		return found.value;
	};
	const top = (await rollOf("gf1", 1_000_000)) < hazard(odds, pity + 1);
	const side = odds.prizes.filter((prize) => isTop(prize) === top);
	let prize = pick(side, await rollOf("gf1p", weigh(side)));
	const applied = Boolean(tenth && odds.ten_guarantee && nothingBefore && prize.class === "PLAIN");
	if (applied) {
		const better = odds.prizes.filter((each) => each.class === "GUARANTEE");
		prize = pick(better, await rollOf("gf1t", weigh(better)));
	}
	return { rolls, prize, applied, pityAfter: top ? 0 : pity + 1 };
}

const same = (one, other) => canonical(one) === canonical(other);

/** What one receipt proves: {state: "proved" | "open" | "wrong", proved, claimed, wrong: names of steps}. */
export async function verify(text) {
	const told = { state: "wrong", proved: [], claimed: ["given"], wrong: [] };
	const note = (step, holds) => (holds ? told.proved : told.wrong).push(step);
	let receipt;
	try {
		receipt = JSON.parse(text);
		note("shape", receipt.format === "mergemart-draw-1" && canonical(receipt) === text);
		note("odds", (await hashOf(receipt.odds)) === receipt.oddsHash);
		note("payment", payments(receipt.odds).some((each) => same(each, receipt.payment)));
		standIn(receipt, told, note);
		if (receipt.pityAtStart) told.claimed.push("pityAtStart");
		if (receipt.clientSeedBy === "SERVER") told.claimed.push("ground");
		if (receipt.serverSeedHex === undefined) {
			told.claimed.push("noSeed");
			note("prizes", await holds(receipt, statedRoller(receipt), false));
		} else {
			await withSeed(receipt, note);
		}
	} catch (error) {
		if (!(error instanceof SyntaxError || error instanceof TypeError || error instanceof RangeError)) throw error;
		told.wrong.push("shape");
	}
	if (!told.wrong.length) told.state = receipt.serverSeedHex === undefined ? "open" : "proved";
	return told;
}

function payments(odds) {
	const ticket = odds.takes_tickets ?? true ? [{ currency: "TICKETS", amount: 1 }] : [];
	return [{ currency: "DIAMONDS", amount: odds.price_diamonds }, ...ticket];
}

function standIn({ odds, rolledPrize, awardedPrize, why }, told, note) {
	if (rolledPrize === awardedPrize) {
		note("standIn", why === null);
		return;
	}
	const rolled = odds.prizes.find((prize) => prize.code === rolledPrize);
	note("standIn", why === "SOLD_OUT" && rolled.fallback === awardedPrize);
	told.claimed.push("soldOut");
}

async function withSeed(receipt, note) {
	const { seal, serverSeedHex, ...sealed } = receipt;
	const seed = unhex(serverSeedHex);
	const key = await importSeed(seed);
	note("commit", /^[0-9a-f]{64}$/.test(serverSeedHex) && (await sha256(seed)) === receipt.commitSha256);
	note("seal", hex(await mac(key, `gf1r|${canonical(sealed)}`)) === seal);
	const roller = (nonce) => (label, limit) => roll(key, { ...receipt, label, limit, nonce });
	note("rolls", await holds(receipt, roller, true));
}

/** Before the seed is shown: the rolls as the receipt states them. */
function statedRoller(receipt) {
	return () => async (label, limit) => {
		const { value, block } = receipt.rolls.find((each) => each.label === label && each.limit === limit);
		return { value, block };
	};
}

/** Whether the receipt's draw is what follows: of the whole command up to it, or, without the seed, of it alone. */
async function holds(receipt, roller, whole) {
	const { odds, count, index, nonce } = receipt;
	let pity = whole ? receipt.pityAtStart : receipt.pityBefore;
	let nothingBefore = whole ? true : receipt.guarantee.nothingBefore;
	for (let at = whole ? 1 : index; at <= index; at += 1) {
		const tenth = count === 10 && at === 10;
		const done = await drawOnce(odds, pity, { tenth, nothingBefore }, roller(nonce - (index - at)));
		if (at === index) {
			return (
				same(done.rolls, receipt.rolls) && done.prize.code === receipt.rolledPrize && pity === receipt.pityBefore &&
				done.pityAfter === receipt.pityAfter && same({ nothingBefore, applied: done.applied }, receipt.guarantee)
			);
		}
		pity = done.pityAfter;
		nothingBefore &&= done.prize.class === "PLAIN";
	}
	return false;
}
