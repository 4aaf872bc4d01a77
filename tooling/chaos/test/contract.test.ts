import { expect, it } from "vitest";
import { contract, schemathesis } from "../src/contract.ts";

const command = await schemathesis();

it.runIf(command)("every answer is one that the document promises, whatever is sent", { timeout: 240_000 }, async () => {
  const counts = await contract(command ?? "", { examples: 3, seed: 3, phases: "fuzzing" });
  expect(counts.lines.join("\n")).toMatch(/requests: \d{3}/);
  expect(counts.problems).toEqual([]);
});
