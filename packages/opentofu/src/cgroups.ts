import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { CgroupPlaces, Limits, SandboxFacts } from "./types.ts";

type Kind = "memory" | "processes";
const kinds: readonly Kind[] = ["memory", "processes"];
const controllers = { memory: "memory", processes: "pids" } as const;
const limitFiles = {
  1: { memory: "memory.limit_in_bytes", processes: "pids.max" },
  2: { memory: "memory.max", processes: "pids.max" },
} as const;
const prefix = "takosumi-";

const text = (path: string): string => {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
};

/** Where groups for the processes of a Run can be made: found by making one, with a limit, and removing it. */
export function detectCgroups(): CgroupPlaces {
  return { memory: place("memory"), processes: place("processes") };
}

/** Version 1 below our own group; version 2 beside or below it, wherever the controller was handed to us. */
function place(kind: Kind): CgroupPlaces["memory"] {
  const mounts = text("/proc/self/mountinfo")
    .split("\n")
    .map((line) => line.split(" "));
  const own = text("/proc/self/cgroup")
    .split("\n")
    .map((line) => line.split(":"));
  const found = (type: string, option: string | null) =>
    mounts.find((words) => words.at(-3) === type && (option === null || words.at(-1)?.split(",").includes(option)));
  const path = (mount: string[] | undefined, group: string | undefined) => {
    const [root, point] = [mount?.[3], mount?.[4]];
    if (root === undefined || point === undefined || group === undefined) return null;
    return join(point, root !== "/" && group.startsWith(root) ? group.slice(root.length) : group);
  };
  const one = path(found("cgroup", controllers[kind]), own.find(([, names]) => names?.split(",").includes(controllers[kind]))?.[2]);
  const two = path(found("cgroup2", null), own.find(([, names]) => names === "")?.[2]);
  const candidates = [
    { version: 1 as const, dir: one },
    { version: 2 as const, dir: two && dirname(two) },
    { version: 2 as const, dir: two },
  ];
  for (const { version, dir } of candidates) if (dir !== null && takesLimits({ version, dir }, kind)) return { version, dir };
  return null;
}

function takesLimits({ version, dir }: NonNullable<CgroupPlaces["memory"]>, kind: Kind): boolean {
  const probe = join(dir, `${prefix}probe-${process.pid}`);
  try {
    mkdirSync(probe);
  } catch {
    return false;
  }
  try {
    // Only the kernel makes the files of a group: elsewhere this is no group, or not one that has the controller.
    if (!readdirSync(probe).includes(limitFiles[version][kind])) return false;
    writeFileSync(join(probe, limitFiles[version][kind]), String(1 << 20));
    return true;
  } catch {
    return false;
  } finally {
    rmdirSync(probe);
  }
}

/**
 * The groups of one phase, made with their limits. `root` names the Run and, by its parent, the runner. Without a sandbox there is one in
 * any case: nothing else finds a process again that left its session, its parent and its environment.
 */
export function makeCgroups(
  { cgroups: places, kind: sandbox }: Pick<SandboxFacts, "cgroups" | "kind">,
  root: string,
  phase: string,
  limits: Limits,
): string[] {
  const dirs: string[] = [];
  for (const kind of kinds) {
    const [at, limit] = [places[kind], limits[kind] ?? null];
    if (!at || (limit === null && sandbox !== "none")) continue;
    const dir = join(at.dir, nameOf(root, phase));
    mkdirSync(dir, { recursive: true });
    if (!dirs.includes(dir)) dirs.push(dir);
    if (limit === null) continue;
    writeFileSync(join(dir, limitFiles[at.version][kind]), String(limit));
    // Swap would only make the same limit slower to reach.
    if (kind === "memory")
      for (const [file, value] of [
        ["memory.memsw.limit_in_bytes", String(limit)],
        ["memory.swap.max", "0"],
      ] as const)
        if (readdirSync(dir).includes(file)) writeFileSync(join(dir, file), value);
  }
  return dirs;
}
const ownerOf = (root: string) => createHash("sha256").update(dirname(root)).digest("hex").slice(0, 8);
const nameOf = (root: string, phase: string) => `${prefix}${ownerOf(root)}-${basename(root)}-${phase}`;

/** Which limit the processes of these groups ran into. */
export function limitHit(dirs: readonly string[]): Kind | null {
  for (const dir of dirs) {
    if (counted(dir, "memory.oom_control", "oom_kill") || counted(dir, "memory.events", "oom_kill")) return "memory";
    if (counted(dir, "pids.events", "max")) return "processes";
  }
  return null;
}

const counted = (dir: string, file: string, name: string): boolean =>
  text(join(dir, file))
    .split("\n")
    .some((line) => line.startsWith(`${name} `) && line !== `${name} 0`);

/** Processes in these groups, whatever session or parent they gave themselves. */
export const pidsIn = (dirs: readonly string[]): number[] => [
  ...new Set(dirs.flatMap((dir) => text(join(dir, "cgroup.procs")).split("\n").filter(Boolean).map(Number))),
];

/** Removes groups whose processes have ended: the last ones may still be on their way out. */
export async function removeCgroups(dirs: readonly string[]): Promise<void> {
  for (const dir of dirs) {
    for (let tries = 0; tries < 20; tries++) {
      try {
        rmdirSync(dir);
        break;
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== "EBUSY") break;
        await sleep(10);
      }
    }
  }
}

/** Removes what a killed runner of this directory left, where nothing runs in it any more. */
export function removeLeftCgroups(places: CgroupPlaces, runs: string): void {
  const own = `${prefix}${ownerOf(join(runs, "any"))}-`;
  for (const kind of kinds) {
    const dir = places[kind]?.dir;
    if (dir === undefined) continue;
    for (const name of readdirSync(dir)) {
      if (!name.startsWith(own)) continue;
      try {
        rmdirSync(join(dir, name));
      } catch {
        // A phase is at work in it.
      }
    }
  }
}
