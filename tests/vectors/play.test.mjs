// The rest of the game's logic: receipts checked, tokens and bars made, moves kept. `VECTORS` is a folder that pytest
// fills with what Python made; without it those tests are left out.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

globalThis.document = { querySelector: () => null };
globalThis.addEventListener = () => {};
const { canonical, hazard, roll, seedKey, sha256, verify } = await import("../../api/play/fair.js");
const { code128, ean13, readBase32, tokenAt } = await import("../../api/play/codes.js");
const { Game, readBoard } = await import("../../api/play/game.js");
const api = await import("../../api/play/api.js");
const { keys } = await import("../../api/play/words.js");

const rulesVectors = new URL("../rules/vectors/", import.meta.url);
const read = (name, base = rulesVectors) => JSON.parse(readFileSync(new URL(name, base)));
const made = read("made.json", `file://${process.env.VECTORS}/`);

test("rolls are those of the vectors, rejected blocks too", async () => {
  const { serverSeedHex, commitSha256, rolls } = read("rolls.json");
  const bytes = new Uint8Array(serverSeedHex.match(/../g).map((pair) => parseInt(pair, 16)));
  assert.equal(await sha256(bytes), commitSha256);
  const key = await seedKey(serverSeedHex);
  assert.ok(rolls.some(({ block }) => block > 0));
  for (const each of rolls) {
    const { value, block } = await roll(key, each);
    assert.deepEqual([String(value), block], [each.value, each.block], JSON.stringify(each));
  }
});

test("the chance of TOP is Python's", () => {
  assert.ok(made.hazards.length > 100);
  for (const { odds, k, ppm } of made.hazards) assert.equal(hazard(odds, k), ppm, `${JSON.stringify(odds.hazard)} ${k}`);
});

test("receipts are judged as Python made them", async () => {
  assert.ok(made.receipts.length > 20);
  for (const { text, state } of made.receipts) assert.deepEqual([(await verify(text)).state, text], [state, text]);
});

test("a receipt with any field altered is wrong", async () => {
  const { text } = made.receipts.find(({ state }) => state === "proved");
  const receipt = JSON.parse(text);
  for (const name of Object.keys(receipt)) {
    const other = { ...receipt };
    if (typeof other[name] === "number") other[name] += 1;
    else if (typeof other[name] === "string") other[name] = other[name].replace(/.$/, (last) => (last === "0" ? "1" : "0"));
    else other[name] = other[name] === null ? "x" : null;
    assert.equal((await verify(canonical(other))).state, "wrong", name);
  }
  for (const text of ["", "null", "[]", "{}", "7", '{"odds":{"prizes":null}}']) assert.equal((await verify(text)).state, "wrong", text);
});

test("tokens are Python's", async () => {
  const recipe = { algorithm: "SHA1", digits: 6, periodSeconds: 30 };
  for (const { secret, at, token } of made.tokens) assert.equal(await tokenAt({ ...recipe, secret }, at * 1000), token);
  assert.deepEqual([...readBase32("GEZDGNBVGY3TQOJQ")], [..."1234567890"].map((digit) => digit.charCodeAt(0)));
});

test("bars are those of the standards", () => {
  const values = code128("PJJ1234");
  assert.deepEqual(values.slice(0, -1), [104, 48, 42, 42, 99, 12, 34]);
  assert.equal(values.at(-1), (104 + 48 + 2 * 42 + 3 * 42 + 4 * 99 + 5 * 12 + 6 * 34) % 103);
  assert.deepEqual(code128("*~$=U.").slice(0, -1), [104, 10, 94, 4, 29, 53, 14]);
  const bits = ean13("4006381333931");
  assert.equal(bits.length, 95);
  assert.equal(bits.slice(0, 24), "101" + "0001101" + "0100111" + "0101111", "guard, 0 in L, 0 in G, 6 in L: a 4 leads");
});

test("both languages have the same sentences", () => {
  const [english, chinese] = keys();
  assert.deepEqual(english, chinese);
});

// A server that plays by hand: it answers what `answers` says, and notes what was asked.
function play(answers) {
  const asked = [];
  const store = new Map();
  const kept = { getItem: (name) => store.get(name) ?? null, setItem: (name, text) => store.set(name, text), removeItem: (name) => store.delete(name) };
  globalThis.fetch = async (url, options) => {
    if (String(url).endsWith("operations.json")) return { ok: true, json: async () => ({ Play: "Play", Board: "Board" }) };
    const { documentId, variables } = JSON.parse(options.body);
    asked.push({ name: documentId, ...variables });
    const answer = answers.shift();
    if (!answer) throw new TypeError("no network");
    return { status: 200, headers: new Map(), json: async () => ({ data: { field: answer(variables) } }) };
  };
  const open = () => new Game({ store: kept, name: "game", lengths: { dairy: 8 } });
  return { asked, open };
}

const board = (revision, words) => ({
  revision, level: 1, experience: 0, nextLevelExperience: 10, energy: { now: 9, cap: 100, nextAt: null }, orders: [],
  storage: { slots: 4, items: [] }, inbox: [],
  cells: Array.from({ length: 63 }, (_, cell) => {
    const word = words[cell];
    return word ? { kind: "ITEM", item: { chain: "dairy", level: word } } : { kind: "EMPTY" };
  }),
});
const played = (applied, revision, words, refusal = null, refusedIndex = null) => ({
  applied, refusedIndex, refusal, delivered: [], claimed: [], board: board(revision, words), wallet: { diamonds: 0 },
});
const idle = async (game) => {
  do await new Promise((resolve) => setTimeout(resolve, 5));
  while (game.sending);
  clearTimeout(game.timer);
};
const MERGE = { merge: { from: 0, to: 1 } };
const LATER = { merge: { from: 2, to: 3 } };

await (async () => {
  play([]);
  await api.loadOperations();
  api.setToken("demo:mei");
})();

test("an answer that was lost is asked for again under the same request id, after a reload too", async () => {
  const { asked, open } = play([null, () => played(1, 2, { 1: 2 })]);
  const game = open();
  game.take(board(1, { 0: 1, 1: 1 }), { diamonds: 0 });
  game.play(MERGE);
  await idle(game);
  assert.equal(game.away, true);
  assert.equal(game.shown.cells[1], "dairy.2");
  const reopened = open();
  assert.deepEqual([reopened.queue, reopened.shown.cells[1]], [[MERGE], "dairy.2"]);
  reopened.send();
  await idle(reopened);
  assert.deepEqual([asked.length, asked[0]], [2, asked[1]]);
  assert.deepEqual([reopened.waiting, reopened.confirmed.revision, reopened.away], [0, 2, false]);
});

test("on a board that changed elsewhere what still fits is done, and what does not is told", async () => {
  const stale = { code: "BOARD_STALE", message: "", retryable: true, retryAt: null };
  const { asked, open } = play([() => played(0, 5, { 2: 1, 3: 1 }, stale), () => played(1, 6, { 3: 2 })]);
  const game = open();
  const told = [];
  game.addEventListener("told", ({ detail }) => told.push(detail));
  game.confirm(board(1, { 0: 1, 1: 1, 2: 1, 3: 1 }), { diamonds: 0 });
  game.replay();
  game.away = true;
  game.play(MERGE);
  game.play(LATER);
  await idle(game);
  const sent = asked.filter(({ name }) => name === "Play");
  assert.deepEqual(sent.map(({ baseRevision, commands }) => [baseRevision, commands.length]), [[1, 1], [5, 1]]);
  assert.notEqual(sent[0].requestId, sent[1].requestId);
  assert.deepEqual(sent[1].commands, [LATER]);
  assert.deepEqual(told.map(({ kind }) => kind), ["stale", "dropped"]);
  assert.deepEqual(told[1].moves, [MERGE]);
  assert.deepEqual([game.waiting, game.shown.cells[3]], [0, "dairy.2"]);
});

test("the move that the server refuses is dropped with its reason, and those after it go on", async () => {
  const refusal = { code: "NOT_MERGEABLE", message: "no", retryable: false, retryAt: null };
  const { asked, open } = play([() => played(0, 1, { 2: 1, 3: 1 }, refusal, 0), () => played(1, 2, { 3: 2 })]);
  const game = open();
  const told = [];
  game.addEventListener("told", ({ detail }) => told.push(detail));
  game.confirm(board(1, { 0: 1, 1: 1, 2: 1, 3: 1 }), { diamonds: 0 });
  game.replay();
  game.sending = true;
  game.play(MERGE);
  game.play(LATER);
  game.sending = false;
  await game.send();
  assert.deepEqual(asked.map(({ commands }) => commands), [[MERGE, LATER], [LATER]]);
  assert.deepEqual(told, [{ kind: "dropped", moves: [MERGE], message: "no" }]);
  assert.equal(game.waiting, 0);
});

test("more than fifty moves go in several lists", async () => {
  const lists = [(asked) => played(asked.commands.length, 2, { 0: 1 }), (asked) => played(asked.commands.length, 3, { 0: 1 })];
  const { asked, open } = play(lists);
  const game = open();
  game.confirm(board(1, { 0: 1 }), { diamonds: 0 });
  game.replay();
  game.sending = true;
  for (let at = 0; at < 60; at += 1) game.play({ move: { from: at % 2, to: (at + 1) % 2 } });
  game.sending = false;
  await game.send();
  assert.deepEqual(asked.map(({ commands, baseRevision }) => [commands.length, baseRevision]), [[50, 1], [10, 2]]);
});

test("a refusal of the whole keeps the moves under their request id", async () => {
  const paused = { code: "PAUSED", message: "Back soon.", retryable: false, retryAt: null };
  const { asked, open } = play([() => paused, () => played(1, 2, { 1: 2 })]);
  const game = open();
  game.confirm(board(1, { 0: 1, 1: 1 }), { diamonds: 0 });
  game.replay();
  game.play(MERGE);
  await idle(game);
  assert.deepEqual([game.waiting, game.away], [1, true]);
  await game.send();
  assert.equal(asked[0].requestId, asked[1].requestId);
  assert.equal(game.waiting, 0);
});

test("a board of the schema is read as the vectors write it", () => {
  const { shown, state } = made.board;
  const { diamonds, ...rest } = readBoard(shown, 7);
  assert.equal(diamonds, 7);
  assert.deepEqual(JSON.parse(JSON.stringify(rest)), state);
});
