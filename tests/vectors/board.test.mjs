// Holds api/play/rules.js to the cases that Python made (board.json): every refusal by its code, every change exactly,
// and UNKNOWN only where the server alone knows: what a tap dropped and what a box hid.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { Refused, UNKNOWN, apply, isBox, isBubble, isGenerator, readGenerator, refresh, settle } from "../../api/play/rules.js";

const { lengths, games } = JSON.parse(readFileSync(new URL("board.json", import.meta.url)));

const changed = (state, changes) => {
  const cells = [...state.cells];
  for (const [cell, word] of Object.entries(changes.cells)) cells[cell] = word;
  return { ...state, ...changes, cells };
};

function compareCell(predicted, truth, before, { move, now }) {
  if (predicted === UNKNOWN) return isBox(before) ? !isBox(truth) : "tap" in move && settle(before, now) === ".";
  if (predicted === truth) return true;
  // Whether a merge brings a bubble the server says.
  if ("merge" in move && predicted === "." && isBubble(truth)) return true;
  if (!isGenerator(predicted) || !isGenerator(truth)) return false;
  const [one, other] = [refresh(readGenerator(predicted), now), readGenerator(truth)];
  // When an emptied generator is refilled the server says.
  const readyAt = one.charges === 0 && one.every === undefined && "tap" in move ? other.readyAt : one.readyAt;
  return JSON.stringify({ ...one, readyAt }) === JSON.stringify(other);
}

function check(state, step, truth) {
  const predicted = apply(state, step.move, { lengths, now: step.now });
  predicted.cells.forEach((word, cell) => {
    assert.ok(
      compareCell(word, truth.cells[cell], state.cells[cell], step),
      `cell ${cell}: ${word}, but ${truth.cells[cell]}`,
    );
  });
  const claims = "claimLevel" in step.move;
  for (const key of ["storage", "inbox", "level", "experience", "diamonds"]) {
    assert.deepEqual(predicted[key], truth[key], key);
  }
  for (const key of claims ? [] : ["energy", "slots", "nextExperience"]) assert.deepEqual(predicted[key], truth[key], key);
  if (claims) assert.equal(predicted.nextExperience, null);
  const kept = truth.orders.filter((order) => state.orders.some((each) => each.number === order.number));
  assert.deepEqual(predicted.orders, kept, "orders");
}

let steps = 0;
games.forEach((game, number) => {
  test(`game ${number}`, () => {
    let state = game.start;
    game.steps.forEach((step, at) => {
      try {
        if (step.wait) {
          state = changed(state, step.wait);
          return;
        }
        steps += 1;
        const before = JSON.stringify(state);
        if (step.code) {
          assert.throws(
            () => apply(state, step.move, { lengths, now: step.now }),
            (refused) => refused instanceof Refused && refused.code === step.code,
            step.code,
          );
          assert.equal(JSON.stringify(state), before, "a refusal leaves no trace");
          return;
        }
        const truth = changed(state, step.after);
        check(state, step, truth);
        assert.equal(JSON.stringify(state), before, "the state that was given stays");
        state = truth;
      } catch (error) {
        error.message = `step ${at} ${JSON.stringify(step.move)}: ${error.message}`;
        throw error;
      }
    });
  });
});

test("there are thousands of cases", () => assert.ok(steps > 4000, String(steps)));
