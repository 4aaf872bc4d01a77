import { expect, test } from "vitest";
import { Hearing } from "../src/hearing.ts";

const at = (seconds: number) => new Date(1_800_000_000_000 + seconds * 1000);
const hearing = () => new Hearing({ sweepSeconds: 2, graceSeconds: 10 });

test("nobody is given up before runners had their grace time to come back", () => {
  const own = hearing();
  expect([0, 2, 4, 6, 8, 10, 12].map((seconds) => own.heard(at(seconds)))).toEqual([false, false, false, false, false, true, true]);
});

test.each([
  ["the database was away", 12, true],
  ["the process was stopped, or the clock set forward", 3_600, false],
  ["the clock was set back", -3_600, false],
])("after a break it begins anew: %s", (_, next, lost) => {
  const own = hearing();
  for (const seconds of [0, 2, 4, 6, 8, 10]) own.heard(at(seconds));
  if (lost) own.lost();
  expect([0, 2, 4, 6, 8, 10].map((more) => own.heard(at(next + more)))).toEqual([false, false, false, false, false, true]);
});
