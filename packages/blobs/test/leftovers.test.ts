import { spawn } from "node:child_process";
import { once } from "node:events";
import { utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { diskBlobs } from "../src/disk.ts";
import { temporaryName, writerGone } from "../src/process-mark.ts";
import { emptyDirectory, filesIn, memoryKeyring, removeDirectory } from "./storage.ts";

const keyring = memoryKeyring();
let directory: string;
beforeEach(async () => {
  directory = await emptyDirectory();
  await diskBlobs({ directory, keyring });
});
afterEach(() => removeDirectory(directory));

const leave = (name: string) => writeFile(join(directory, ".incoming", name), "half of something");

it("opening keeps what a living writer writes and removes what dead ones left", async () => {
  const living = await temporaryName();
  const [host = "", pid = "", start = "", random = ""] = living.split("-");
  const reused = [host, pid, String(Number(start) + 1), random].join("-");
  const child = spawn(process.execPath, ["-e", ""], { stdio: "ignore" });
  await once(child, "exit");
  const dead = [host, String(child.pid), start, random].join("-");
  for (const name of [living, reused, dead, "something-else"]) await leave(name);
  await diskBlobs({ directory, keyring });
  expect(await filesIn(directory)).toEqual([`.incoming/${living}`]);
});

it("what another machine writes is kept for a day", async () => {
  const [, ...rest] = (await temporaryName()).split("-");
  const foreign = ["0".repeat(12), ...rest].join("-");
  await leave(foreign);
  expect(await writerGone(foreign)).toBe(null);
  const opensAfter = async (hours: number) => {
    const written = Date.now() / 1_000 - hours * 3_600;
    await utimes(join(directory, ".incoming", foreign), written, written);
    await diskBlobs({ directory, keyring });
    return filesIn(directory);
  };
  expect(await opensAfter(23)).toEqual([`.incoming/${foreign}`]);
  expect(await opensAfter(25)).toEqual([]);
});
