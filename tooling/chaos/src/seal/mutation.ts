import { open, readFile, writeFile } from "node:fs/promises";
import type { Random } from "../world/random.ts";
import type { Ground } from "./ground.ts";

/** What is approved with a plan. */
export type Part = "plan file" | "source snapshot" | "lock file" | "variable set" | "binding set" | "tool" | "state";
export type Undo = () => Promise<void>;

/** A plan that waits for its approval, and the apply that waits with it. */
export interface Target {
  readonly ground: Ground;
  readonly plan: string;
  readonly apply: string;
  /** The directory of this plan on the runner's disk. */
  readonly root: string;
  readonly random: Random;
}

/** One way to put something else in the place of what was approved. `disk`: done on the runner, just before the tool is started. */
export interface Mutation {
  readonly part: Part;
  readonly where: "row" | "blob" | "disk";
  readonly how: string;
  /** Throws where nothing was changed. Undone after the round, so that the next plan finds what it needs. */
  readonly inflict: (target: Target) => Promise<Undo>;
}

export const changedIn = (text: string, from: string | RegExp, to: string): string => {
  const changed = text.replace(from, to);
  if (changed === text) throw new Error(`nothing to change: ${from}`);
  return changed;
};

/** One bit somewhere in a file, in place. */
export async function flip(path: string, random: Random): Promise<Undo> {
  const file = await open(path, "r+");
  try {
    const at = random.between(0, (await file.stat()).size);
    const byte = Buffer.alloc(1);
    await file.read(byte, 0, 1, at);
    await file.write(Buffer.of((byte[0] as number) ^ (1 << random.between(0, 8))), 0, 1, at);
    return async () => {
      const again = await open(path, "r+");
      await again.write(byte, 0, 1, at).finally(() => again.close());
    };
  } finally {
    await file.close();
  }
}

/** A file's bytes made others. */
export async function rewrite(path: string, other: (bytes: Buffer) => Buffer | string): Promise<Undo> {
  const bytes = await readFile(path);
  const changed = Buffer.from(other(bytes));
  if (changed.equals(bytes)) throw new Error(`${path} stayed as it was`);
  await writeFile(path, changed);
  return () => writeFile(path, bytes);
}
