import { readFileSync } from "node:fs";
import { scopes } from "@takosumi/contracts/access";
import { expect, it } from "vitest";
import { operations } from "./operations.ts";

/**
 * Who may ask what, a second time: by what is asked for, the operations. The contract alone would be compared with itself, and an operation
 * that asks for too little would be let through by every other test. Whoever changes what an operation asks for changes it here as well.
 */
const table: Readonly<Record<string, readonly string[]>> = JSON.parse(readFileSync(new URL("access.json", import.meta.url), "utf8"));

it("every operation asks for what the table says", () => {
  const asked: Record<string, string[]> = {};
  for (const { id, operation } of operations) {
    const { by, rule } = operation.spec.access;
    const words = {
      permission: rule,
      caller: rule || "anybody signed in",
      session: "a browser session",
      anyone: "nothing",
      credential: `${rule} credential`,
    };
    const word = words[by as keyof typeof words] ?? by;
    asked[word] = [...(asked[word] ?? []), id].toSorted();
  }
  expect(asked).toEqual(table);
});

it("every permission is asked for by an operation, or said by name", () => {
  // What is asked inside an operation, of an input or a row; repositories come later.
  const inside = ["repo:read", "run:destroy"];
  expect(scopes.filter((scope) => !table[scope] && !inside.includes(scope))).toEqual([]);
});
