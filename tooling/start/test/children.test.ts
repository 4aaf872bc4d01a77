import { readFileSync, statSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { expect, it } from "vitest";
import { type Child, endLeftover, startChild } from "../src/child.ts";
import { lastLines, rotate } from "../src/log-file.ts";
import { checkPort } from "../src/port.ts";
import { supervise } from "../src/supervise.ts";
import { readyTokens } from "../src/tokens.ts";
import { scratch } from "./scratch.ts";

const shell = (dir: string, script: string): Child =>
  startChild(dir, { name: "it", command: ["/bin/sh", "-c", script], cwd: dir, env: { PATH: "/usr/bin:/bin" } });
const identity = (dir: string) => join(dir, "pids/it.json");

it("stops a child gently, then for good", async () => {
  const dir = scratch();
  const gentle = shell(dir, "sleep 60");
  await gentle.stop(10_000);
  expect(await gentle.exited).toEqual({ ok: false, text: "SIGTERM" });
  const deaf = shell(dir, "trap '' TERM; echo ready; while :; do sleep 0.05; done");
  await expect.poll(() => lastLines(deaf.log, 1)).toEqual(["ready"]);
  await deaf.stop(100);
  expect(await deaf.exited).toEqual({ ok: false, text: "SIGKILL" });
  expect(() => readFileSync(identity(dir))).toThrow("ENOENT");
});

it("says why a program did not begin", async () => {
  const dir = scratch();
  const child = startChild(dir, { name: "it", command: ["/nowhere/program"], cwd: dir, env: {} });
  expect(await child.exited).toMatchObject({ ok: false, text: expect.stringContaining("ENOENT") as string });
});

it("ends what a killed launcher left, and nobody else", async () => {
  const dir = scratch();
  const child = shell(dir, "sleep 60");
  const left = readFileSync(identity(dir), "utf8");
  expect(await endLeftover(dir, "it", 10_000)).toBe(true);
  expect((await child.exited).text).toBe("SIGTERM");
  expect(await endLeftover(dir, "it", 10_000)).toBe(false);
  const other = shell(dir, "sleep 60");
  // The pid of a leftover that was given to somebody else since.
  writeFileSync(identity(dir), JSON.stringify({ ...JSON.parse(left), pid: other.pid }));
  expect(await endLeftover(dir, "it", 10_000)).toBe(false);
  expect(other.ended()).toBe(false);
  await other.stop(1_000);
});

it("starts a child again that ends, says so, and stops it for good when told", async () => {
  const dir = scratch();
  const said: string[] = [];
  let starts = 0;
  const start = () => {
    starts += 1;
    return shell(dir, starts < 2 ? "exit 7" : "sleep 60");
  };
  const supervised = supervise("it", start(), start, (line) => said.push(line));
  await expect.poll(() => starts, { timeout: 10_000 }).toBe(2);
  expect(said).toEqual([expect.stringMatching(/^it ended \(status 7\); starting it again in 0.5 s/)]);
  await supervised.restart(10_000);
  await expect.poll(() => starts, { timeout: 10_000 }).toBe(3);
  await supervised.stop(10_000);
  expect(starts).toBe(3);
  expect(said).toHaveLength(1);
});

it("keeps one copy of a log that grew, and its writer goes on", async () => {
  const dir = scratch();
  const child = shell(dir, "echo one; while [ ! -e go ]; do sleep 0.05; done; echo two");
  await expect.poll(() => lastLines(child.log, 9)).toEqual(["one"]);
  rotate(child.log);
  writeFileSync(join(dir, "go"), "");
  await child.exited;
  expect(lastLines(child.log, 9)).toEqual(["two"]);
  expect(lastLines(`${child.log}.1`, 9)).toEqual(["one"]);
  expect(lastLines(join(dir, "absent"), 9)).toEqual([]);
});

it("says that a port is taken, and which one to try", async () => {
  const server = createServer().listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  const { port } = server.address() as { port: number };
  await expect(checkPort("127.0.0.1", port)).rejects.toMatchObject({
    message: `port ${port} is in use`,
    fix: expect.stringMatching(/^PORT=\d+ npm start$/) as string,
  });
  await new Promise((resolve) => server.close(resolve));
  await checkPort("127.0.0.1", port);
  await expect(checkPort("203.0.113.1", port)).rejects.toThrow("cannot be listened on");
});

it("mints tokens once, into files that only we read", () => {
  const dir = scratch();
  const first = readyTokens(dir, { owner: null, runner: null });
  expect(readyTokens(dir, { owner: null, runner: null })).toEqual(first);
  expect(readFileSync(first.authFile, "utf8")).toBe(`Authorization: Bearer ${first.owner}\n`);
  expect(first.owner).toMatch(/^tak_pat_[\w-]{43}$/);
  expect(first.runner).toMatch(/^tak_run_[\w-]{43}$/);
  for (const file of [first.authFile, first.ownerFile, first.runnerFile]) expect(statSync(file).mode & 0o777).toBe(0o600);
  expect(readyTokens(dir, { owner: "tak_pat_given", runner: null }).owner).toBe("tak_pat_given");
  expect(readFileSync(first.authFile, "utf8")).toBe("Authorization: Bearer tak_pat_given\n");
});
