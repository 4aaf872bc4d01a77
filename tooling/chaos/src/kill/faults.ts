import { rm } from "node:fs/promises";
import { setTimeout as pause } from "node:timers/promises";
import type { Random } from "../world/random.ts";
import { signalAll, toolIn, treeOf } from "../world/run-tree.ts";
import { lease, type World } from "../world/world.ts";

/** `machine`: runner, tool and all that it started die in one moment; `gone`: and its disk with them. */
export type Victim = "tofu" | "runner" | "api" | "postgres" | "machine" | "gone";
export type Moment = "plan" | "apply";
export interface Fault {
  readonly victim: Victim;
  readonly moment: Moment;
}
const victims: readonly [Victim, ...Victim[]] = ["tofu", "runner", "api", "postgres", "machine", "gone"];

export const anyFault = (random: Random): Fault => ({ victim: random.of(victims), moment: random.of(["plan", "apply", "apply"]) });

/** How long something stays away: from nothing to well past the end of its lease. */
const awayMs = (random: Random) => random.of([0, 300, 1_000, 2_500, (lease.seconds + lease.graceSeconds + 3) * 1_000]);

/** Kills one victim at a random point of a Run that begins now, and brings it back. Resolves once it is back, with how many processes died. */
export async function inflict(
  { database, apis, runners, runnerDir }: World,
  victim: Victim,
  moment: Moment,
  random: Random,
): Promise<number> {
  const [api, runner] = [apis[0], runners[0]];
  if (!api || !runner) throw new Error("a world without api or runner");
  const dir = runnerDir(0);
  if (victim === "tofu") {
    const tool = await toolIn(dir, moment, 10_000);
    await pause(random.between(0, moment === "plan" ? 300 : 1_200));
    return signalAll(tool === null ? [] : [tool], "SIGKILL");
  }
  await pause(random.between(0, moment === "plan" ? 700 : 1_200));
  if (victim === "api") {
    await api.kill();
    await pause(Math.min(awayMs(random), 3_000));
    await api.start();
    return 1;
  }
  if (victim === "postgres") {
    await database.kill();
    await pause(Math.min(awayMs(random), 3_000));
    await database.start();
    return 1;
  }
  let killed = 1;
  if (victim !== "runner") {
    // The runner is stopped first, as the machine would: it must not see its tool die.
    runner.signal("SIGSTOP");
    killed += signalAll(
      treeOf(dir).map(({ pid }) => pid),
      "SIGKILL",
    );
  }
  await runner.kill();
  if (victim === "gone") await rm(dir, { recursive: true, force: true });
  await pause(awayMs(random));
  await runner.start();
  return killed;
}
