import fc from "fast-check";
import { expect, test } from "vitest";
import { namedBy, newId, prefixes } from "./ids.ts";

test("a prefix and 26 characters of Crockford's alphabet", () => {
  for (const prefix of Object.values(prefixes)) expect(newId(prefix)).toMatch(new RegExp(`^${prefix}[0-9a-hjkmnp-tv-z]{26}$`));
});
test("ids of one process never sort before an earlier one, and never repeat", () => {
  const ids = Array.from({ length: 20_000 }, () => newId("run_"));
  expect(ids).toEqual([...ids].sort());
  expect(new Set(ids).size).toBe(ids.length);
});
test("a clock that goes back changes nothing", () => {
  const later = newId("run_", Date.now() + 5_000);
  expect(newId("run_", Date.now()) > later).toBe(true);
});
test("two of the same millisecond do not give the next away", () => {
  const now = Date.now() + 10_000;
  const steps = new Set(Array.from({ length: 100 }, () => newId("run_", now).slice(-7)));
  expect(steps.size).toBeGreaterThan(95);
});
test("the prefix says what it names, and nothing else does", () => {
  for (const [name, prefix] of Object.entries(prefixes)) expect(namedBy(newId(prefix))).toBe(name);
  fc.assert(fc.property(fc.string(), (text) => namedBy(`zz${text}`) === undefined));
});
