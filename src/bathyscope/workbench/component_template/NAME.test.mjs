// Run with: node --test
import assert from "node:assert/strict";
import { test } from "node:test";
import component, { counted } from "./NAME.js";

const KINDS = { kind: "category", values: ["cat", "dog"], codes: Int32Array.of(0, 1, 1, -1, 0, 1) };

test("samples that pass are counted by value, those without one apart", () => {
  assert.deepEqual(counted(KINDS, Uint8Array.of(1, 1, 1, 1, 1, 1)), [2, 3, 1]);
  assert.deepEqual(counted(KINDS, Uint8Array.of(1, 0, 1, 0, 0, 0)), [1, 1, 0]);
  assert.deepEqual(counted(KINDS, new Uint8Array(6)), [0, 0, 0]);
});

test("the definition says what it shows and what it can be told", () => {
  assert.ok(component.title.length > 0);
  for (const option of Object.values(component.options)) assert.match(option.says, /\.$/);
  assert.equal(component.applies({ nSamples: 6 }), true);
  assert.match(component.applies({ nSamples: 0 }), /no sample/);
});
