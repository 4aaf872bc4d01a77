import { RunStatus } from "@takosumi/contracts/deploy/run";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { isTerminal, mayMove, sourcesOf, transitions } from "../src/transitions.ts";

const kinds = ["plan", "apply", "destroy"] as const;
const statuses = RunStatus.options;
const anyKind = fc.constantFrom(...kinds);
const anyStatus = fc.constantFrom(...statuses);

describe("the state machine", () => {
  test("a terminal status never changes", () => {
    fc.assert(fc.property(anyKind, anyStatus, anyStatus, (kind, from, to) => !isTerminal(kind, from) || !mayMove(kind, from, to)));
  });

  test("from every status that can be reached, an end can be reached", () => {
    for (const kind of kinds) {
      const ends = new Set(statuses.filter((status) => isTerminal(kind, status)));
      for (let grown = true; grown; ) {
        const before = ends.size;
        for (const [from, tos] of Object.entries(transitions[kind]))
          if (tos.some((to) => ends.has(to))) ends.add(from as (typeof statuses)[number]);
        grown = ends.size > before;
      }
      expect(Object.keys(transitions[kind]).filter((status) => !ends.has(status as (typeof statuses)[number]))).toEqual([]);
    }
  });

  test("what leads to a status is what the table says", () => {
    fc.assert(
      fc.property(anyKind, anyStatus, (kind, to) => {
        expect(sourcesOf(to, [kind]).toSorted()).toEqual(statuses.filter((from) => mayMove(kind, from, to)).toSorted());
      }),
    );
  });

  test("nothing but its approval leads a waiting apply to its queue, only one that runs goes back there, and a plan is never executed itself", () => {
    expect(sourcesOf("queued", ["apply"])).toEqual(["awaiting_approval", "running"]);
    expect(sourcesOf("needs_recovery", ["plan"])).toEqual([]);
  });
});
