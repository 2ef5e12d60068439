// The shop: orders above, the board, storage and gifts below. Played by drag and drop, tap-tap, and keys.

import { ask } from "./api.js";
import * as rules from "./rules.js";
import { button, failed, h, levelClass, openSheet, renew, rewards, showNumber, showTime, tell } from "./ui.js";
import { say } from "./words.js";

const DRAG_PIXELS = 8;
const KEYS = { ArrowUp: -rules.COLUMNS, ArrowDown: rules.COLUMNS, ArrowLeft: -1, ArrowRight: 1 };

/** Shows the shop in `root`; returns what ends it. `app`: game, goods (word -> {name, emoji, sponsor}), me. */
export function showShop(root, app) {
	const { game } = app;
	let focus = app.focus ?? 31;
	let held = null; // {cell} | {slot} | {gift}: what was picked up
	let sure = false; // whether Sell was pressed once
	let offer = null; // {number, price}: the order whose reroll was priced
	let opened = 0; // until when the server was asked for orders that come or go with time

	const level = h("div", { class: "levels" });
	const coins = h("div", { class: "coins" });
	const bar = h("div", { class: "bars" }, level, coins);
	const orders = h("ul", { class: "orders", "aria-label": say("orders") });
	const grid = h("div", { class: "grid", role: "grid", "aria-label": say("board") });
	const info = h("div", { class: "info" });
	const shelf = h("div", { class: "shelf", "aria-label": say("storage"), role: "group" });
	root.append(bar, orders, grid, info, shelf);

	const cells = [];
	for (let row = 0; row < rules.ROWS; row += 1) {
		const line = h("div", { role: "row", class: "row" });
		for (let column = 0; column < rules.COLUMNS; column += 1) {
			const cell = h("div", { role: "gridcell", class: "cell", tabindex: -1, "data-cell": cells.length });
			cells.push(cell);
			line.append(cell);
		}
		grid.append(line);
	}

	const goods = (word) => app.goods[word] ?? { name: word, emoji: "📦" };
	const itemName = (word) => say("item", { name: goods(word).name, level: rules.readItem(word).level });
	const secondsTo = (at) => Math.max(1, Math.ceil((at - Date.now()) / 1000));
	const wordOf = (thing) => {
		if (!thing) return null;
		if ("cell" in thing) return rules.settle(game.shown.cells[thing.cell], Date.now());
		return "slot" in thing ? game.shown.storage[thing.slot] : game.shown.inbox[thing.gift]?.[0];
	};

	function nameCell(word) {
		if (word === rules.EMPTY) return say("empty");
		if (word === rules.UNKNOWN) return say("pending");
		if (word === rules.STRANGE) return say("strange");
		if (rules.isBox(word)) return rules.opensAt(word) ? say("boxAt", { n: rules.opensAt(word) }) : say("box");
		if (rules.isWebbed(word)) return say("webbed", { item: itemName(word.slice(1)) });
		const { item, expiresAt } = rules.readBubble(word);
		if (rules.isBubble(word)) return say("bubble", { item: itemName(item), seconds: secondsTo(expiresAt) });
		if (!rules.isGenerator(word)) return itemName(word);
		const made = rules.refresh(rules.readGenerator(word), Date.now());
		const { name } = game.confirmed.kinds[made.code] ?? { name: made.code };
		if (made.charges === 0 && made.readyAt) return say("cooling", { name, seconds: secondsTo(made.readyAt) });
		return say("generator", { name, charges: made.charges, most: made.most });
	}

	const picture = (word, extra = []) => [
		h("span", { class: "emoji", "aria-hidden": "true" }, goods(word).emoji),
		h("span", { class: `badge ${levelClass(rules.readItem(word).level)}`, "aria-hidden": "true" },
			String(rules.readItem(word).level)),
		...extra,
	];

	function drawWord(word) {
		if (word === rules.EMPTY) return ["empty", []];
		if (word === rules.UNKNOWN) return ["pending", [h("span", { class: "emoji" }, "✨")]];
		if (word === rules.STRANGE) return ["box", [h("span", { class: "emoji" }, "🎁")]];
		if (rules.isBox(word)) {
			const at = rules.opensAt(word);
			return ["box", [h("span", { class: "emoji" }, "📦"), ...(at ? [h("span", { class: "lock" }, `Lv${at}`)] : [])]];
		}
		if (rules.isWebbed(word)) return [`webbed ${levelClass(rules.readItem(word).level)}`, picture(word.slice(1))];
		if (rules.isBubble(word)) {
			const { item, expiresAt } = rules.readBubble(word);
			return ["bubble", picture(item, [h("span", { class: "charges" }, `${secondsTo(expiresAt)}s`)])];
		}
		if (rules.isItem(word)) {
			const top = rules.readItem(word).level >= (game.lengths[rules.readItem(word).chain] ?? 0);
			return [`item ${levelClass(rules.readItem(word).level)}${top ? " top" : ""}`, picture(word)];
		}
		const made = rules.refresh(rules.readGenerator(word), Date.now());
		const kind = game.confirmed.kinds[made.code] ?? { emoji: "🏪" };
		const cooling = made.charges === 0;
		const count = cooling ? (made.readyAt ? `${secondsTo(made.readyAt)}s` : "…") : `×${made.charges}`;
		return [`generator${cooling ? " cooling" : ""}`,
			[h("span", { class: "emoji" }, kind.emoji), h("span", { class: "charges" }, count)]];
	}

	const isHeld = (thing) => held && JSON.stringify(held) === JSON.stringify(thing);

	function draw() {
		const state = game.shown;
		drawBar(state);
		drawOrders(state);
		const word = wordOf(held);
		if (held && (word === null || word === undefined || word === rules.EMPTY || word === rules.UNKNOWN)) held = null;
		state.cells.forEach((each, index) => drawCell(cells[index], index, rules.settle(each, Date.now())));
		drawShelf(state);
		drawInfo();
	}

	function drawCell(node, index, word) {
		const [look, children] = drawWord(word);
		const target = held && !isHeld({ cell: index }) && fits(index);
		const name = `cell ${look}${isHeld({ cell: index }) ? " held" : ""}${target ? ` target ${target}` : ""}`;
		const key = `${name}|${word}|${children.map((child) => child.textContent).join()}`;
		if (node.dataset.key !== key) {
			const isNew = node.dataset.word && node.dataset.word !== word && rules.isItem(word);
			node.className = isNew ? `${name} new` : name;
			node.dataset.key = key;
			node.dataset.word = word;
			node.replaceChildren(...children);
		}
		const place = { row: Math.floor(index / rules.COLUMNS) + 1, column: (index % rules.COLUMNS) + 1 };
		node.setAttribute("aria-label", say("cell", { ...place, what: nameCell(word) }));
		node.setAttribute("aria-selected", String(Boolean(isHeld({ cell: index }))));
		node.tabIndex = index === focus ? 0 : -1;
	}

	/** What would happen if what is held were put there: "merge", "move" or "". */
	function fits(index) {
		if (moveTo(index) === null) return "";
		return "merge" in moveTo(index) ? "merge" : "";
	}

	function drawBar(state) {
		const { cap, nextAt } = game.confirmed.energy;
		const top = state.nextExperience;
		const part = top ? Math.min(100, Math.round((100 * state.experience) / top)) : 100;
		const fill = h("i", {});
		fill.style.width = `${part}%`;
		const label = top ? say("experience", { now: state.experience, next: top }) : say("experienceTop", { now: state.experience });
		const canClaim = top !== null && state.experience >= top;
		const wait = nextAt && state.energy < cap ? ` · ${clock(Date.parse(nextAt))}` : "";
		renew(level, [state.level, label, canClaim], () => [
			h("div", { class: "level", title: label, "aria-label": `${say("level", { n: state.level })}. ${label}`, role: "img" },
				h("b", {}, say("levelShort", { n: state.level })), h("span", { class: "meter" }, fill)),
			...(canClaim ? [h("button", { class: "claim", type: "button", onclick: () => play({ claimLevel: { level: state.level + 1 } }) }, say("claim"))] : []),
		]);
		const tickets = game.confirmed.wallet?.tickets ?? 0;
		renew(coins, [state.energy, cap, wait, state.diamonds, tickets], () => [
			coin("⚡", `${state.energy}/${cap}${wait}`, "energy", { type: "button", onclick: () => refill().catch(failed) }), coin("💎", showNumber(state.diamonds), "diamonds"),
			coin("🎟️", showNumber(tickets), "tickets"),
		]);
	}

	const coin = (sign, text, name, pressed) => h(pressed ? "button" : "span", { class: "coin", title: say(name), ...pressed },
		h("span", { "aria-hidden": "true" }, sign), h("span", { class: "unseen" }, `${say(name)} `), text);

	async function refill() {
		const { priceDiamonds, amount, left, resetsAt } = await ask("EnergyRefill");
		openSheet(say("energy"), (close) => [
			h("p", {}, say("refillsLeft", { n: left, at: showTime(resetsAt) })),
			button(`+${amount} ⚡　${priceDiamonds} 💎`, async () => {
				await game.refill(priceDiamonds);
				close();
				tell(`+${amount} ⚡`, "good");
			}, { class: "main", disabled: !left }),
		]);
	}

	function clock(at) {
		const left = Math.max(0, Math.ceil((at - Date.now()) / 1000));
		return `${Math.floor(left / 60)}:${String(left % 60).padStart(2, "0")}`;
	}

	function drawOrders(state) {
		const clocks = state.orders.map((order) => order.expiresAt && left(order.expiresAt));
		const key = [state.orders, state.cells, game.confirmed.state.orders.length, clocks, game.confirmed.appointment, offer];
		renew(orders, key, () => makeOrders(state));
	}

	function left(at) {
		const minutes = Math.max(0, Math.ceil((Date.parse(at) - Date.now()) / 60_000));
		return minutes < 60 ? clock(Date.parse(at)) : `${Math.floor(minutes / 60)}h${String(minutes % 60).padStart(2, "0")}`;
	}

	/** The first press says what it costs, a second one pays that; what is free is done at once. */
	async function reroll(order) {
		const most = offer?.number === order.number ? offer.price : await ask("RerollPrice");
		if (most > 0 && offer?.number !== order.number) {
			offer = { number: order.number, price: most };
			tell(say("rerollPay", { n: most }), "quiet");
			drawOrders(game.shown);
			return;
		}
		offer = null;
		try {
			await game.reroll(order.number, most);
			tell(say("rerolled"), "quiet");
		} catch (refused) {
			if (!(refused instanceof rules.Refused)) throw refused;
			tell(say(`refusals.${refused.code}`), "bad");
		}
	}

	function makeOrders(state) {
		let missing = 0;
		const made = state.orders.map((order) => {
			const ready = rules.goodsFor(state, order) !== null;
			const lie = [...state.cells];
			const items = order.items.map((word) => {
				const at = lie.indexOf(word);
				if (at >= 0) lie[at] = "";
				return h("span", { "data-word": word, class: `want ${levelClass(rules.readItem(word).level)}${at >= 0 ? " there" : ""}` }, ...picture(word));
			});
			const label = say("orderName", { items: order.items.map(itemName).join(", "), diamonds: order.diamonds });
			const again = offer?.number === order.number ? `🔄 ${offer.price} 💎` : "🔄";
			const head = order.name || order.expiresAt ? h("small", {}, [order.name, order.expiresAt && `⏳${left(order.expiresAt)}`].filter(Boolean).join(" ")) : null;
			return h("li", { class: `order${ready ? " ready" : ""}${order.name ? " special" : ""}`, "data-order": order.number },
				head,
				h("span", { class: "wants", role: "img", "aria-label": label }, items),
				h("button", { type: "button", disabled: !ready, "aria-label": `${say("deliver")}. ${label}`,
					onclick: () => play({ deliver: { order: order.number } }) }, ready ? say("deliver") : `💎 ${order.diamonds}`),
				order.name ? null : button(again, () => reroll(order), { class: "again", "aria-label": `${say("reroll")}. ${label}` }));
		});
		const next = game.confirmed.appointment;
		if (next) made.push(h("li", { class: "order none" }, h("small", {}, `⏰ ${next.name} ${showTime(next.from)}`)));
		while (state.orders.length + (missing += 1) <= game.confirmed.state.orders.length) made.push(h("li", { class: "order none" }, say("newOrder")));
		return made;
	}

	function drawShelf(state) {
		renew(shelf, [state.storage, state.slots, state.inbox, held], () => makeShelf(state));
	}

	function makeShelf(state) {
		const slots = [];
		for (let slot = 0; slot < Math.max(state.slots, state.storage.length); slot += 1) {
			const word = state.storage[slot];
			slots.push(shelfCell({ slot }, word, word ? itemName(word) : say("freeSlot")));
		}
		const gifts = state.inbox.map(([word, count], gift) =>
			shelfCell({ gift }, word, `${say("gifts")}: ${itemName(word)} × ${count}`, h("span", { class: "count" }, `×${count}`)));
		return [h("span", { class: "shelfName", "aria-hidden": "true" }, "🗄️"), ...slots,
			...(gifts.length ? [h("span", { class: "shelfName", "aria-hidden": "true" }, "🎁"), ...gifts] : [])];
	}

	function shelfCell(thing, word, label, ...more) {
		const look = word ? `item ${levelClass(rules.readItem(word).level)}` : "empty";
		return h("button", { type: "button", class: `cell ${look}${isHeld(thing) ? " held" : ""}`, "aria-label": label,
			"data-slot": thing.slot, "data-gift": thing.gift, onclick: (event) => event.detail === 0 && press(thing) },
		...(word ? picture(word, more) : []));
	}

	function drawInfo() {
		const thing = held ?? { cell: focus };
		const word = wordOf(thing) ?? rules.EMPTY;
		const [text, more] = describe(word);
		const onBoard = "cell" in thing && rules.isItem(word);
		const { item, diamonds } = rules.readBubble(word);
		const buttons = rules.isBubble(word) ? [
			button(say("pop", { n: diamonds }), () => act({ pop: thing }, say("popped", { item: goods(item).name })), { class: "main" }),
			button(say("letGo"), () => act({ sell: thing }, say("letGo")), { class: "soft" }),
		] : onBoard ? [
			h("button", { type: "button", class: "soft", onclick: () => act({ store: { cell: thing.cell } }, say("stored", { item: goods(word).name })) }, say("store")),
			h("button", { type: "button", class: sure ? "danger" : "soft", onclick: () => sell(thing.cell, word) }, say(sure ? "sellSure" : "sell")),
		] : [];
		renew(info, [thing, text, more, sure], () => [
			h("div", {}, h("b", {}, text), h("small", {}, more)), h("div", { class: "acts" }, buttons),
		]);
	}

	function describe(word) {
		if (rules.isItem(word) || rules.isWebbed(word)) {
			const bare = rules.isItem(word) ? word : word.slice(1);
			const { chain, level } = rules.readItem(bare);
			const top = game.lengths[chain] ?? level;
			const chainName = app.chains[chain] ?? chain;
			const next = level < top ? say("next", { item: goods(rules.writeItem({ chain, level: level + 1 })).name }) : say("top");
			if (!rules.isItem(word)) return [say("webbed", { item: goods(bare).name }), say("freeWeb")];
			const sponsor = goods(bare).sponsor ? ` · ${goods(bare).sponsor}` : "";
			return [goods(bare).name, `${say("chainOf", { chain: chainName, level, top })} · ${held ? say("pick") : next}${sponsor}`];
		}
		if (rules.isBox(word)) return [nameCell(word), rules.opensAt(word) ? "" : say("openBox")];
		return word === rules.EMPTY ? ["", say("hint")] : [nameCell(word), ""];
	}

	function sell(cell, word) {
		if (!sure) {
			sure = true;
			drawInfo();
			return;
		}
		act({ sell: { cell } }, say("sold", { item: goods(word).name }));
	}

	/** The move that puts what is held into a cell; null where none fits. */
	function moveTo(index) {
		const state = game.shown;
		const world = game.world();
		const choices = [];
		if ("cell" in held) choices.push({ merge: { from: held.cell, to: index } }, { move: { from: held.cell, to: index } });
		else choices.push({ retrieve: { slot: held.slot ?? held.gift, cell: index, inbox: "gift" in held } });
		return choices.find((move) => rules.allows(state, move, world)) ?? null;
	}

	/** The move that is refused with the reason to be told, where none fits. */
	const firstOf = (index) => "cell" in held ? { merge: { from: held.cell, to: index } }
		: { retrieve: { slot: held.slot ?? held.gift, cell: index, inbox: "gift" in held } };

	function play(move) {
		try {
			game.play(move);
			return true;
		} catch (refused) {
			if (refused instanceof rules.Refused) tell(say(`refusals.${refused.code}`), "bad");
			else failed(refused);
			return false;
		}
	}

	function act(move, said) {
		held = null;
		sure = false;
		if (play(move)) tell(said, "quiet");
		else draw();
	}

	/** Puts what is held into a cell. */
	function put(index) {
		const move = moveTo(index);
		const asked = move ?? firstOf(index);
		held = null;
		setFocus(index);
		if (play(asked) && "merge" in asked) tell(say("merged", { item: itemName(game.shown.cells[index]) }), "quiet");
		else draw();
	}

	function tap(index) {
		setFocus(index);
		held = null;
		if (!play({ tap: { cell: index } })) draw();
	}

	/** A tap or Enter on a cell or on the shelf. */
	function press(thing) {
		sure = false;
		const word = wordOf(thing);
		const onBoard = "cell" in thing;
		if (held && onBoard && !isHeld(thing) && !(rules.isGenerator(word) && !isGeneratorHeld())) {
			put(thing.cell);
			return;
		}
		if (held && !onBoard && "cell" in held && "slot" in thing && !word) {
			act({ store: { cell: held.cell } }, say("stored", { item: goods(wordOf(held)).name }));
			return;
		}
		if (onBoard) setFocus(thing.cell);
		if (onBoard && rules.isGenerator(word) && !held) {
			tap(thing.cell);
			return;
		}
		held = isHeld(thing) || !word || !(rules.isItem(word)) ? null : thing;
		if (held) tell(say("holding", { item: itemName(word) }), "quiet");
		draw();
	}

	const isGeneratorHeld = () => rules.isGenerator(wordOf(held) ?? "");

	function setFocus(index) {
		cells[focus].tabIndex = -1;
		focus = app.focus = index;
		cells[focus].tabIndex = 0;
	}

	grid.addEventListener("focusin", ({ target }) => {
		const index = cells.indexOf(target);
		if (index >= 0 && index !== focus) {
			setFocus(index);
			drawInfo();
		}
	});

	// Keys: arrows move, Enter or Space picks up, taps, puts; M picks a generator up; S stores; Delete sells; Escape drops.
	grid.addEventListener("keydown", (event) => {
		const word = game.shown.cells[focus];
		if (KEYS[event.key] !== undefined) {
			const to = focus + KEYS[event.key];
			const sideways = Math.abs(KEYS[event.key]) === 1 && Math.floor(to / rules.COLUMNS) !== Math.floor(focus / rules.COLUMNS);
			if (to >= 0 && to < rules.CELLS && !sideways) setFocus(to);
		} else if (event.key === "Enter" || event.key === " ") press({ cell: focus });
		else if (event.key === "Escape") held = null;
		else if (event.key === "m" && liftable(word)) held = { cell: focus };
		else if (event.key === "s" && rules.isItem(word)) act({ store: { cell: focus } }, say("stored", { item: goods(word).name }));
		else if (event.key === "Delete" && rules.isItem(word)) sell(focus, word);
		else return;
		event.preventDefault();
		if (event.key !== "Delete") sure = false;
		draw();
		cells[focus].focus();
	});

	// Pointers: a short press is a tap, a longer way is a drag; both by mouse and by touch.
	let pressed = null;
	const thingAt = (target) => {
		const node = target?.closest?.("[data-cell], [data-slot], [data-gift]");
		if (!node || !root.contains(node)) return null;
		const [name] = ["cell", "slot", "gift"].filter((each) => node.dataset[each] !== undefined);
		return { [name]: Number(node.dataset[name]) };
	};
	const liftable = (word) => word && (rules.isItem(word) || rules.isGenerator(word) || rules.isBubble(word));

	function down(event) {
		const thing = thingAt(event.target);
		if (!thing || event.button > 0 || pressed) return;
		event.preventDefault();
		pressed = { thing, id: event.pointerId, x: event.clientX, y: event.clientY, ghost: null };
	}

	function drag(event) {
		if (!pressed || event.pointerId !== pressed.id) return;
		const far = Math.hypot(event.clientX - pressed.x, event.clientY - pressed.y) > DRAG_PIXELS;
		if (!pressed.ghost && far && liftable(wordOf(pressed.thing))) {
			held = pressed.thing;
			sure = false;
			const [look, children] = drawWord(wordOf(held));
			pressed.ghost = h("div", { class: `cell ghost ${look}`, "aria-hidden": "true" }, children);
			document.body.append(pressed.ghost);
			draw();
		}
		if (pressed.ghost) pressed.ghost.style.transform = `translate(${event.clientX - 26}px, ${event.clientY - 34}px)`;
	}

	function up(event) {
		if (!pressed || event.pointerId !== pressed.id) return;
		const { thing, ghost } = pressed;
		pressed = null;
		ghost?.remove();
		if (event.type === "pointercancel") {
			held = null;
			draw();
		} else if (ghost) dropOn(thing, thingAt(document.elementFromPoint(event.clientX, event.clientY)));
		else press(thing);
	}

	function dropOn(from, onto) {
		if (onto && "cell" in onto && JSON.stringify(onto) !== JSON.stringify(from)) put(onto.cell);
		else {
			const word = wordOf(from);
			held = null;
			if (onto && "slot" in onto && "cell" in from && rules.isItem(word)) act({ store: from }, say("stored", { item: goods(word).name }));
			else draw();
		}
	}

	root.addEventListener("pointerdown", down);
	const listeners = { pointermove: drag, pointerup: up, pointercancel: up };
	for (const [name, listener] of Object.entries(listeners)) addEventListener(name, listener);
	game.addEventListener("changed", draw);
	// Clocks tick while they are looked at; when energy or a generator is due, the rules refill or the server says.
	const ticking = setInterval(() => {
		if (pressed?.ghost) return;
		const { nextAt, cap } = game.confirmed.energy;
		if (nextAt && game.shown.energy < cap && Date.now() > Date.parse(nextAt) + 500 && !game.away) {
			game.confirmed.energy.nextAt = null;
			game.refetch();
		}
		const { appointment } = game.confirmed;
		const dues = [...game.confirmed.state.orders.map((order) => order.expiresAt), appointment?.from].filter(Boolean);
		const due = Math.max(0, ...dues.map((at) => Date.parse(at)).filter((at) => at < Date.now() - 500));
		if (due > opened && !game.away) {
			opened = due;
			game.open();
		}
		draw();
	}, 1000);
	draw();

	return () => {
		clearInterval(ticking);
		game.removeEventListener("changed", draw);
		for (const [name, listener] of Object.entries(listeners)) removeEventListener(name, listener);
	};
}

/** What the game told, in words; null where there is nothing to say. */
export function sayTold(detail, app) {
	const names = (moves) => [...new Set(moves.map((move) => say(`moves.${Object.keys(move)[0]}`)))].join(", ");
	switch (detail.kind) {
		case "delivered": return say("delivered", detail);
		case "claimed": return say("claimed", { level: detail.level, pays: rewards(detail) });
		case "dropped": return detail.message ? say("droppedWhy", { moves: names(detail.moves), why: detail.message })
			: say("dropped", { n: detail.moves.length, moves: names(detail.moves) });
		case "refused": return detail.message;
		case "stale": case "elsewhere": return say(detail.kind);
		default: return null;
	}
}
