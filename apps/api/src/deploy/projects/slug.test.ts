import { slug } from "@takosumi/contracts/deploy/projects";
import fc from "fast-check";
import { expect, it } from "vitest";
import { slugOf, slugsAfter } from "./slug.ts";

it.each([
  ["Web Prod", "web-prod"],
  ["Größe & Maß", "grosse-mass"],
  ["Ærø — Łódź", "aero-lodz"],
  ["Привет мир", "privet-mir"],
  ["ｗｅｂ①", "web1"],
  ["決済", "project"],
  ["--- ", "project"],
  ["a".repeat(80), "a".repeat(63)],
])("%j is %s", (name, expected) => {
  expect(slugOf(name)).toBe(expected);
});

it("is a slug for every name, and so is each that follows it, no two of them the same", () => {
  fc.assert(
    fc.property(fc.string({ unit: "grapheme", minLength: 1, maxLength: 200 }), (name) => {
      const all = slugsAfter(slugOf(name), 100);
      for (const one of all) expect(slug.safeParse(one).success, one).toBe(true);
      expect(new Set(all).size).toBe(100);
    }),
  );
});
