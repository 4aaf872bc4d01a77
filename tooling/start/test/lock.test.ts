import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { lockDataDir } from "../src/lock.ts";
import { identify, isAlive, parseIdentity } from "../src/process-identity.ts";
import { scratch } from "./scratch.ts";

it("refuses a data directory whose launcher lives, and gives it back", () => {
  const dir = scratch();
  const release = lockDataDir(dir);
  expect(() => lockDataDir(dir)).toThrow(`runs already on ${dir} (process ${process.pid})`);
  expect(() => lockDataDir(dir)).toThrow("runs already");
  release();
  lockDataDir(dir)();
  expect(existsSync(join(dir, "launcher.pid"))).toBe(false);
});

it("takes it from a launcher that was killed, also where its pid lives again as another process", () => {
  const dir = scratch();
  const now = identify(process.pid);
  for (const stale of [{ ...now, start: "1" }, { ...now, boot: "another" }, { ...now, pid: 4_194_305 }, "torn"]) {
    writeFileSync(join(dir, "launcher.pid"), typeof stale === "string" ? stale : JSON.stringify(stale));
    lockDataDir(dir)();
  }
  expect(existsSync(join(dir, "launcher.pid"))).toBe(false);
});

it("knows one process for ever", async () => {
  const child = spawn("sleep", ["60"]);
  const identity = identify(child.pid as number);
  expect(identity && isAlive(identity)).toBe(true);
  expect(parseIdentity(JSON.stringify(identity))).toEqual(identity);
  child.kill("SIGKILL");
  await once(child, "exit");
  expect(identity && isAlive(identity)).toBe(false);
  for (const text of ["", "null", "{}", '{"pid":1,"start":"1","boot":"b"}', '{"pid":-5,"start":"1","boot":"b"}']) {
    expect(parseIdentity(text === "null" ? "[]" : text)).toBeNull();
  }
});
