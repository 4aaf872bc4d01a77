import fc from "fast-check";
import { expect, test } from "vitest";
import { canonicalJson } from "./canonical-json.ts";

test("keys are sorted, at every depth, and undefined is left out", () => {
  expect(canonicalJson({ b: 1, a: { d: [{ z: 1, y: undefined }], c: null } })).toBe('{"a":{"c":null,"d":[{"z":1}]},"b":1}');
});

test("a date is its ISO text, and what JSON cannot say is null", () => {
  expect(canonicalJson([new Date(0), undefined, Number.NaN, Number.POSITIVE_INFINITY, -0])).toBe(
    '["1970-01-01T00:00:00.000Z",null,null,null,0]',
  );
});

test("what PostgreSQL does not keep becomes U+FFFD", () => {
  expect(canonicalJson({ "a\0": "\ud800x" })).toBe('{"a\ufffd":"\ufffdx"}');
});

test("the order of keys makes no difference, and a round through JSON neither", () => {
  const shuffled = (value: unknown): unknown =>
    Array.isArray(value)
      ? value.map(shuffled)
      : value && typeof value === "object"
        ? Object.fromEntries(
            Object.entries(value)
              .reverse()
              .map(([name, one]) => [name, shuffled(one)]),
          )
        : value;
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      const text = canonicalJson(value);
      expect(canonicalJson(shuffled(value))).toBe(text);
      expect(canonicalJson(JSON.parse(text))).toBe(text);
    }),
  );
});

test("two different values have two different texts", () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.jsonValue(), (a, b) => {
      const same = canonicalJson(a) === canonicalJson(b);
      // Equal as JSON: -0 and 0 are one.
      expect(same).toBe(JSON.stringify(sorted(a)) === JSON.stringify(sorted(b)));
    }),
  );
});

const sorted = (value: unknown): unknown =>
  Array.isArray(value)
    ? value.map(sorted)
    : value && typeof value === "object"
      ? {
          members: Object.entries(value)
            .sort(([a], [b]) => (a < b ? -1 : 1))
            .map(([name, one]) => [name, sorted(one)]),
        }
      : value;
