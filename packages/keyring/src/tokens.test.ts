import { expect, it } from "vitest";
import { hashToken, mintToken, sameHash } from "./tokens.ts";

it("mints tokens of 256 bits behind their prefix, each another", () => {
  const tokens = Array.from({ length: 100 }, () => mintToken("tak_pat_"));
  for (const token of tokens) expect(token).toMatch(/^tak_pat_[A-Za-z0-9_-]{43}$/);
  expect(new Set(tokens).size).toBe(100);
});

it("keeps a hash that says nothing of the token and compares equal only to itself", () => {
  expect(hashToken("abc")).toBe("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  expect(sameHash(hashToken("abc"), hashToken("abc"))).toBe(true);
  expect(sameHash(hashToken("abc"), hashToken("abd"))).toBe(false);
  expect(sameHash(hashToken("abc"), hashToken("abc").slice(1))).toBe(false);
});
