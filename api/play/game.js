// The board as it is shown: what the server confirmed, with the moves that it has not answered yet done on top.
//
// Every move is written down before it is sent and struck out once the server has said what came of it, so neither a
// lost network nor a closed page loses one. A batch keeps its request id until it is answered: sent again, it is done
// once. Where the board has changed elsewhere, the moves that still fit are done on the new one; the rest are told.

import { Away, Failed, SignedOut, ask, change } from "./api.js";
import { MOST_MOVES, Refused, STRANGE, UNKNOWN, apply, writeGenerator, writeItem } from "./rules.js";

const PAUSE_MS = 30_000;

/** The state of `rules.js` that a board of the schema shows. */
export function readBoard(board, diamonds) {
	return {
		cells: board.cells.map(readCell),
		storage: board.storage.items.map(writeItem),
		slots: board.storage.slots,
		inbox: board.inbox.map(({ item, count }) => [writeItem(item), count]),
		level: board.level,
		experience: board.experience,
		nextExperience: board.nextLevelExperience,
		energy: board.energy.now,
		orders: board.orders.map((order) => ({ ...order, items: order.items.map(writeItem) })),
		diamonds,
	};
}

function readCell({ kind, item, generator, opensAtLevel, expiresAt, popDiamonds }) {
	if (kind === "EMPTY") return ".";
	if (kind === "BOX") return `?${opensAtLevel ?? ""}`;
	if (kind === "ITEM") return writeItem(item);
	if (kind === "WEBBED") return `#${writeItem(item)}`;
	if (kind === "BUBBLE") return `*${writeItem(item)}|${Date.parse(expiresAt)}|${popDiamonds}`;
	if (kind !== "GENERATOR") return STRANGE;
	const { code, charges, mostCharges: most, autoSeconds } = generator;
	const readyAt = generator.readyAt ? Date.parse(generator.readyAt) : 0;
	const every = { FINITE: 0, AUTO: autoSeconds * 1000 }[generator.kind];
	return writeGenerator({ code, charges, most, readyAt, every });
}

/** One member's game. Events: `changed`, `told` ({kind, ...}: what people should hear of). */
export class Game extends EventTarget {
	/** `store`: where to write down, `name`: under which name. `goods`: see `readChains`. */
	constructor({ store, name, lengths }) {
		super();
		this.store = store;
		this.name = name;
		this.lengths = lengths;
		this.confirmed = null; // {revision, state, energy: {cap, nextAt}, kinds, wallet, appointment}
		this.queue = []; // moves not answered yet, in order
		this.batch = null; // {requestId, baseRevision, count}: the first `count` of the queue are on their way
		this.shown = null;
		this.away = false;
		this.sending = false;
		this.wants = false; // whether to ask for what waits though there is no move
		this.newest = 0; // the revision that the subscription told last
		this.timer = 0;
		this.load();
		addEventListener("online", () => this.send());
		addEventListener("offline", () => this.setAway(true));
	}

	/** How many moves wait for the server. */
	get waiting() {
		return this.queue.length;
	}

	world() {
		return { lengths: this.lengths, now: Date.now() };
	}

	/** Does a move at once and sends it. Throws `Refused` where the rules say no. */
	play(move) {
		this.shown = apply(this.shown, move, this.world());
		this.queue.push(move);
		this.save();
		this.changed();
		this.send();
	}

	/** Opens the board and takes the gifts that wait, by a list without moves. */
	open() {
		this.wants = true;
		this.send();
	}

	/** Buys energy, while nothing else is on its way. */
	async refill(mostDiamonds) {
		if (this.sending || this.queue.length) throw new Away();
		this.sending = true;
		try {
			await change("RefillEnergy", { mostDiamonds });
		} finally {
			this.sending = false;
			this.open();
		}
	}

	/** Has the next order take the place of one, for `most` diamonds; only while no move waits. Throws what is said. */
	async reroll(order, mostDiamonds) {
		if (this.sending || this.queue.length || this.away) throw new Refused("PENDING");
		this.sending = true;
		let done;
		try {
			const asked = { requestId: crypto.randomUUID(), baseRevision: this.confirmed.revision, order, mostDiamonds };
			done = await ask("RerollOrder", asked);
			if (!("retryable" in done)) this.confirm(done.board, { ...this.confirmed.wallet, ...done.wallet });
		} finally {
			this.sending = false;
		}
		if ("retryable" in done) throw new Failed(done.code, done.message);
		this.replay();
		this.send();
	}

	/** The server's board, from a query. */
	take(board, wallet) {
		if (this.sending) return;
		this.confirm(board, wallet);
		this.replay();
		this.send();
	}

	/** The subscription told a revision. */
	heard(revision) {
		this.newest = revision;
		if (!this.sending && this.confirmed && revision !== this.confirmed.revision) {
			if (this.batch) this.send();
			else this.refetch();
		}
	}

	async refetch() {
		if (this.sending) return;
		this.sending = true;
		try {
			const revision = this.confirmed?.revision;
			const board = await ask("Board");
			this.confirm(board, this.confirmed?.wallet);
			if (revision !== undefined && revision !== board.revision) this.tell({ kind: "elsewhere" });
			this.setAway(false);
		} catch (error) {
			this.missed(error);
		}
		this.sending = false;
		this.replay();
		this.send();
	}

	/** Sends what waits, batch by batch, until nothing does or the server is away. */
	async send() {
		clearTimeout(this.timer);
		if (this.sending || !this.confirmed) return;
		this.sending = true;
		try {
			while (this.queue.length || this.wants || this.confirmed.revision === 0) await this.sendBatch();
			this.setAway(false);
		} catch (error) {
			this.missed(error);
		} finally {
			this.sending = false;
		}
		if (!this.away && this.newest && this.newest !== this.confirmed.revision && !this.queue.length) {
			this.newest = 0;
			this.refetch();
		}
	}

	async sendBatch() {
		this.batch ??= {
			requestId: crypto.randomUUID(),
			baseRevision: this.confirmed.revision,
			count: Math.min(MOST_MOVES, this.queue.length),
		};
		this.save();
		const { requestId, baseRevision, count } = this.batch;
		const commands = this.queue.slice(0, count);
		let played;
		try {
			played = await ask("Play", { requestId, baseRevision, commands });
		} catch (error) {
			if (!(error instanceof Failed)) throw error;
			// The server cannot read this: sending it again would never end.
			this.strike(count, commands, error.message);
			return;
		}
		if ("retryable" in played) {
			if (played.code === "REQUEST_ID_REUSED") this.batch = null;
			else this.tell({ kind: "refused", message: played.message });
			const at = played.retryAt ? Date.parse(played.retryAt) - Date.now() : PAUSE_MS;
			throw new Away(Math.min(Math.max(at, 1000), PAUSE_MS) / 1000);
		}
		this.settle(played, commands);
	}

	/** Strikes out what the server answered, and does what still fits on its board. */
	settle(played, commands) {
		const stale = played.refusal && played.refusedIndex === null;
		const refused = played.refusal && !stale ? commands[played.refusedIndex] : null;
		this.queue.splice(0, stale ? 0 : played.applied + (refused ? 1 : 0));
		this.batch = null;
		this.wants = false;
		this.confirm(played.board, played.wallet);
		for (const each of played.delivered) this.tell({ kind: "delivered", ...each });
		for (const each of played.claimed) this.tell({ kind: "claimed", ...each });
		if (refused) this.tell({ kind: "dropped", moves: [refused], message: played.refusal.message });
		else if (stale && this.queue.length) this.tell({ kind: "stale" });
		this.replay();
	}

	strike(count, commands, message) {
		this.queue.splice(0, count);
		this.batch = null;
		if (commands.length) this.tell({ kind: "dropped", moves: commands, message });
		this.replay();
		if (!commands.length) throw new Away(PAUSE_MS / 1000);
	}

	confirm(board, wallet) {
		const kinds = { ...this.confirmed?.kinds };
		for (const { generator } of board.cells) {
			if (generator) kinds[generator.code] = { name: generator.name, emoji: generator.emoji };
		}
		const { cap, nextAt } = board.energy;
		const state = readBoard(board, wallet?.diamonds ?? this.confirmed?.state.diamonds ?? 0);
		const appointment = board.nextAppointment ?? null;
		this.confirmed = { revision: board.revision, state, energy: { cap, nextAt }, kinds, wallet, appointment };
	}

	/** The confirmed board with the waiting moves on top; those that fit no more are dropped and told. */
	replay() {
		let state = this.confirmed.state;
		const onTheirWay = this.batch?.count ?? 0;
		const kept = [];
		const dropped = [];
		this.queue.forEach((move, index) => {
			try {
				state = apply(state, move, this.world());
				kept.push(move);
			} catch (error) {
				if (!(error instanceof Refused)) throw error;
				// What may have reached the server already is its to judge; and what waits for its answer keeps waiting.
				if (index < onTheirWay || (onTheirWay && error.code === "PENDING")) kept.push(move);
				else dropped.push(move);
			}
		});
		this.queue = kept;
		this.shown = state;
		this.save();
		if (dropped.length) this.tell({ kind: "dropped", moves: dropped });
		this.changed();
	}

	missed(error) {
		if (error instanceof SignedOut) {
			this.tell({ kind: "signedOut" });
			return;
		}
		if (!(error instanceof Away) && !(error instanceof Failed)) throw error;
		this.setAway(true);
		clearTimeout(this.timer);
		this.timer = setTimeout(() => this.send(), Math.max(3000, (error.seconds ?? 0) * 1000));
	}

	setAway(away) {
		if (this.away === away) return;
		this.away = away;
		this.changed();
	}

	changed() {
		this.dispatchEvent(new Event("changed"));
	}

	tell(detail) {
		this.dispatchEvent(new CustomEvent("told", { detail }));
	}

	save() {
		const { confirmed, queue, batch } = this;
		this.store.setItem(this.name, JSON.stringify({ confirmed, queue, batch }));
	}

	load() {
		try {
			const kept = JSON.parse(this.store.getItem(this.name));
			if (!kept?.confirmed || kept.confirmed.state.cells.length !== 63) return;
			Object.assign(this, kept);
			this.replay();
		} catch {
			this.store.removeItem(this.name);
		}
	}
}

export const isPending = (word) => word === UNKNOWN;
