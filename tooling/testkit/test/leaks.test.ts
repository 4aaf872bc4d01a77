import { expect, it } from "vitest";
import { formsOf, Leaks } from "../src/leaks.ts";

const secret = "s3cret/+value?of~mine";

it.each([
  ["raw", secret],
  ["base64", Buffer.from(secret).toString("base64")],
  ["base64 after one character", Buffer.from(`x${secret}yy`).toString("base64")],
  ["base64 after two characters", Buffer.from(`xx${secret}y`).toString("base64")],
  ["base64url", Buffer.from(`x${secret}`).toString("base64url")],
  ["hexadecimal", Buffer.from(secret).toString("hex")],
  ["percent-encoded", encodeURIComponent(secret)],
  ["JSON", JSON.stringify({ a: secret })],
])("a secret is found as %s", (_, text) => {
  const leaks = new Leaks({ password: secret });
  leaks.look("there", `before ${text} after`);
  expect(leaks.found[0]).toMatch(/^there holds password as /);
});

it("nothing is found where nothing is", () => {
  const leaks = new Leaks({ password: secret }, { seal: "tk1." });
  leaks.look("there", "s3cret/+value?of~min tk1");
  expect(leaks.found).toEqual([]);
  expect(formsOf("ab")).not.toContain("ab");
});
