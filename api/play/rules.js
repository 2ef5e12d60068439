// The rules of the board, as far as an app can know them: what game/board/rules and game/orders/rules do, without the
// dice. What the server alone decides (what a tap drops, what a box hides) becomes an UNKNOWN cell, which nothing can be
// done with until the server has answered; a bubble that a merge brings comes with the answer, into a cell shown empty.
// tests/vectors/board.json holds both to the same cases.
//
// A cell is a word: "." empty, "?" a box, "?5" a box that level 5 opens, "#dairy.3" in a web, "dairy.3" goods,
// "@fridge|7|10|0" a generator (charges, most, when time brings more in ms or 0; a finite one ends in |0, an automatic
// one in how many ms a charge takes), "*dairy.3|9|5" a bubble (until when, its price), "!" unknown, "x" of a kind not
// known here. A move is what `MoveInput` takes: {merge: {from, to}}, {tap: {cell}}, ...

export const COLUMNS = 7;
export const ROWS = 9;
export const CELLS = COLUMNS * ROWS;
export const EMPTY = ".";
export const UNKNOWN = "!";
export const STRANGE = "x";
export const MOST_MOVES = 50;

/** A move that is not done. `PENDING` is this side's alone: wait for the server. */
export class Refused extends Error {
	constructor(code) {
		super(code);
		this.code = code;
	}
}

const distance = (one, other) =>
	Math.abs(Math.floor(one / COLUMNS) - Math.floor(other / COLUMNS)) + Math.abs((one % COLUMNS) - (other % COLUMNS));

const all = Array.from({ length: CELLS }, (_, cell) => cell);
// For each cell all others, the nearest first, by index among equals.
const NEAREST = all.map((cell) =>
	all.filter((other) => other !== cell).sort((a, b) => distance(cell, a) - distance(cell, b) || a - b),
);
export const BESIDE = NEAREST.map((others, cell) => others.filter((other) => distance(cell, other) === 1));

export const isBox = (word) => word[0] === "?";
export const isWebbed = (word) => word[0] === "#";
export const isGenerator = (word) => word[0] === "@";
export const isBubble = (word) => word[0] === "*";
export const isItem = (word) => /^[a-z]/.test(word) && word !== STRANGE;
const isLocked = (word) => isBox(word) || isWebbed(word) || word === STRANGE;

/** Chain and level of goods, in a web or not. */
export function readItem(word) {
	const bare = isWebbed(word) ? word.slice(1) : word;
	const dot = bare.lastIndexOf(".");
	return { chain: bare.slice(0, dot), level: Number(bare.slice(dot + 1)) };
}

export const writeItem = (item) => `${item.chain}.${item.level}`;

export function readGenerator(word) {
	const [code, charges, most, readyAt, every] = word.slice(1).split("|");
	const made = { code, charges: Number(charges), most: Number(most), readyAt: Number(readyAt) };
	return every === undefined ? made : { ...made, every: Number(every) };
}

export const writeGenerator = (g) => `@${g.code}|${g.charges}|${g.most}|${g.readyAt}${g.every === undefined ? "" : `|${g.every}`}`;

/** A generator as it stands at `now`, with what time brought it. */
export function refresh(generator, now) {
	const { most, readyAt, every } = generator;
	if (!readyAt || now < readyAt) return generator;
	const gained = every ? 1 + Math.floor((now - readyAt) / every) : most;
	const charges = Math.min(generator.charges + gained, most);
	return { ...generator, charges, readyAt: charges < most ? readyAt + gained * every : 0 };
}

/** The goods in a bubble, until when it stays, and what popping it costs. */
export function readBubble(word) {
	const [item, expiresAt, diamonds] = word.slice(1).split("|");
	return { item, expiresAt: Number(expiresAt), diamonds: Number(diamonds) };
}

/** A cell at `now`: a bubble whose time is over is empty. */
export const settle = (word, now) => (isBubble(word) && now >= readBubble(word).expiresAt ? EMPTY : word);

/** The level from which on a box opens; 0 for one that a merge beside it opens. */
export const opensAt = (word) => Number(word.slice(1) || 0);

/** The state after a move; the one given stays. `lengths`: chain -> its top level. Throws `Refused`. */
export function apply(state, move, { lengths, now }) {
	const [kind] = Object.keys(move);
	const next = { ...state, cells: state.cells.map((word) => settle(word, now)), storage: [...state.storage], inbox: [...state.inbox] };
	VERBS[kind](next, move[kind], lengths, now);
	return next;
}

/** Whether a move would be done. */
export function allows(state, move, world) {
	try {
		apply(state, move, world);
		return true;
	} catch (refused) {
		if (refused instanceof Refused) return false;
		throw refused;
	}
}

/** The cells that an order's goods lie in, lowest first; null where some are missing. */
export function goodsFor(state, order) {
	const wanted = [...order.items];
	const found = [];
	state.cells.forEach((word, cell) => {
		const at = wanted.indexOf(word);
		if (at >= 0) {
			wanted.splice(at, 1);
			found.push(cell);
		}
	});
	return wanted.length ? null : found;
}

/** Whether an order's time is over. */
export const isOver = (order, now) => Boolean(order.expiresAt) && now >= Date.parse(order.expiresAt);

function refuse(code) {
	throw new Refused(code);
}

function inside(cell) {
	if (!Number.isInteger(cell) || cell < 0 || cell >= CELLS) refuse("CELL_OUT_OF_BOUNDS");
}

function settled(...words) {
	if (words.includes(UNKNOWN)) refuse("PENDING");
}

/** The goods in a cell that nothing holds. */
function takeItem(state, cell) {
	inside(cell);
	const word = state.cells[cell];
	if (isItem(word)) return word;
	settled(word);
	if (word === EMPTY) refuse("CELL_EMPTY");
	return refuse(isLocked(word) ? "LOCKED_CELL" : "NOT_AN_ITEM");
}

function refuseTaken(state, cell) {
	inside(cell);
	const word = state.cells[cell];
	settled(word);
	if (word !== EMPTY) refuse(isLocked(word) ? "LOCKED_CELL" : "CELL_TAKEN");
}

const VERBS = {
	tap(state, { cell }, lengths, now) {
		inside(cell);
		const word = state.cells[cell];
		settled(word);
		if (!isGenerator(word)) {
			if (word === EMPTY) refuse("CELL_EMPTY");
			refuse(isLocked(word) ? "LOCKED_CELL" : "NOT_TAPPABLE");
		}
		const generator = refresh(readGenerator(word), now);
		if (generator.most === 0) refuse("NOT_TAPPABLE");
		if (generator.charges === 0) refuse("NO_CHARGES");
		if (state.energy < 1 && !generator.every) refuse("NO_ENERGY");
		const target = NEAREST[cell].find((each) => state.cells[each] === EMPTY);
		if (target === undefined) refuse("BOARD_FULL");
		state.cells[target] = UNKNOWN;
		const used = { ...generator, charges: generator.charges - 1 };
		if (used.every) used.readyAt ||= now + used.every;
		else state.energy -= 1;
		state.cells[cell] = used.every === 0 && used.charges === 0 ? EMPTY : writeGenerator(used);
	},

	merge(state, { from, to }, lengths) {
		const item = takeItem(state, from);
		inside(to);
		const word = state.cells[to];
		settled(word);
		if (word === EMPTY) refuse("CELL_EMPTY");
		if (isBox(word) || word === STRANGE) refuse("LOCKED_CELL");
		if (from === to || (isWebbed(word) ? word.slice(1) : word) !== item) refuse("NOT_MERGEABLE");
		const { chain, level } = readItem(item);
		if (level >= (lengths[chain] ?? 0)) refuse("TOP_LEVEL");
		state.cells[from] = EMPTY;
		state.cells[to] = writeItem({ chain, level: level + 1 });
		for (const beside of BESIDE[to]) {
			if (isBox(state.cells[beside]) && opensAt(state.cells[beside]) <= state.level) state.cells[beside] = UNKNOWN;
		}
	},

	move(state, { from, to }) {
		inside(from);
		inside(to);
		const [word, there] = [state.cells[from], state.cells[to]];
		settled(word, there);
		if (word === EMPTY) refuse("CELL_EMPTY");
		if (isLocked(word) || isLocked(there)) refuse("LOCKED_CELL");
		state.cells[from] = there;
		state.cells[to] = word;
	},

	store(state, { cell }) {
		const item = takeItem(state, cell);
		if (state.storage.length >= state.slots) refuse("STORAGE_FULL");
		state.cells[cell] = EMPTY;
		state.storage.push(item);
	},

	retrieve(state, { slot, cell, inbox = false }) {
		const from = inbox ? state.inbox : state.storage;
		if (!(slot >= 0 && slot < from.length)) refuse("SLOT_EMPTY");
		refuseTaken(state, cell);
		if (!inbox) {
			[state.cells[cell]] = from.splice(slot, 1);
			return;
		}
		const [item, count] = from[slot];
		state.cells[cell] = item;
		from.splice(slot, 1, ...(count > 1 ? [[item, count - 1]] : []));
	},

	sell(state, { cell }) {
		if (!isBubble(state.cells[cell] ?? "")) takeItem(state, cell);
		state.cells[cell] = EMPTY;
	},

	open(state, { cell }) {
		inside(cell);
		settled(state.cells[cell]);
		refuse("NOT_A_CHEST");
	},

	pop(state, { cell }) {
		inside(cell);
		const word = state.cells[cell];
		settled(word);
		if (!isBubble(word)) refuse(word === EMPTY ? "CELL_EMPTY" : "NOT_A_BUBBLE");
		const { item, diamonds } = readBubble(word);
		if (state.diamonds < diamonds) refuse("NOT_ENOUGH");
		state.diamonds -= diamonds;
		state.cells[cell] = item;
	},

	deliver(state, { order: number }, lengths, now) {
		const order = state.orders.find((each) => each.number === number);
		if (!order) refuse("ORDER_NOT_FOUND");
		if (isOver(order, now)) refuse("ORDER_EXPIRED");
		const found = goodsFor(state, order);
		if (!found) refuse("ORDER_ITEMS_MISSING");
		for (const cell of found) state.cells[cell] = EMPTY;
		state.orders = state.orders.filter((each) => each !== order && !isOver(each, now));
		state.experience += order.experience;
		state.diamonds += order.diamonds;
	},

	// What the level pays and needs next, and how much storage it adds, the server says.
	claimLevel(state, { level }) {
		if (level <= state.level) refuse("LEVEL_CLAIMED");
		const needed = state.nextExperience;
		if (level !== state.level + 1 || needed === null || state.experience < needed) refuse("LEVEL_NOT_REACHED");
		state.cells = state.cells.map((word) => (isBox(word) && opensAt(word) === level ? UNKNOWN : word));
		state.level = level;
		state.nextExperience = null;
	},
};
