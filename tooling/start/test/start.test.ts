import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { parseIdentity } from "../src/process-identity.ts";
import { freePort, launch, processesOf, root } from "./launcher.ts";
import { scratch } from "./scratch.ts";

const isReady = { timeout: 120_000, interval: 50 };
const header = (dataDir: string) => {
  const [name, ...value] = readFileSync(join(dataDir, "auth"), "utf8").trim().split(": ");
  return { [name as string]: value.join(": ") };
};

const untracked = () =>
  execFileSync("git", ["-c", "safe.directory=*", "ls-files", "--others", "--exclude-standard"], { cwd: root, encoding: "utf8" }).split(
    "\n",
  );

it("goes from nothing to the outputs of a first Run, serves, refuses a second one, and leaves nothing behind", {
  timeout: 300_000,
}, async () => {
  const dataDir = join(scratch(), "data");
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const before = untracked();
  const first = launch(dataDir, port);
  await expect.poll(first.output, isReady).toMatch(/^Ready: /m);
  expect(first.output()).toContain('hello = "applied by Takosumi"');
  expect(first.output().trimEnd().endsWith(`Ready: ${url}`)).toBe(true);
  expect(statSync(join(dataDir, "auth")).mode & 0o777).toBe(0o600);
  expect(first.output()).not.toContain(readFileSync(join(dataDir, "bootstrap-token"), "utf8").trim());

  const answer = await fetch(`${url}/api/runs`, { headers: header(dataDir) });
  expect(answer.status).toBe(200);
  expect((await answer.json()) as { runs: unknown[] }).toMatchObject({ runs: [{ kind: "apply", status: "succeeded" }, { kind: "plan" }] });

  const second = launch(dataDir, await freePort());
  expect(await second.ended).toBe(1);
  expect(second.output()).toContain(`Takosumi runs already on ${dataDir}`);
  const elsewhere = launch(join(scratch(), "data"), port);
  expect(await elsewhere.ended).toBe(1);
  expect(elsewhere.output()).toContain(`port ${port} is in use`);

  // Twice, as a terminal and npm both pass a Ctrl-C on.
  first.child.kill("SIGINT");
  first.child.kill("SIGINT");
  expect(await first.ended).toBe(0);
  expect(first.output().trimEnd().endsWith("Stopped")).toBe(true);
  expect(processesOf(dataDir)).toEqual([]);
  expect(untracked()).toEqual(before);
});

it("ends what a killed start left, and keeps what was there", { timeout: 300_000 }, async () => {
  const dataDir = join(scratch(), "data");
  const port = await freePort();
  const killed = launch(dataDir, port, { TAKOSUMI_QUICKSTART: "off" });
  await expect.poll(killed.output, isReady).toMatch(/^Ready: /m);
  expect(killed.output()).not.toContain("first Run");
  const launcher = parseIdentity(readFileSync(join(dataDir, "launcher.pid"), "utf8"));
  process.kill(launcher?.pid as number, "SIGKILL");
  expect(await killed.ended).toBe(137);
  expect(processesOf(dataDir).length).toBeGreaterThan(2);
  const token = readFileSync(join(dataDir, "auth"), "utf8");

  const next = launch(dataDir, port, { TAKOSUMI_QUICKSTART: "off" });
  await expect.poll(next.output, isReady).toMatch(/^Ready: /m);
  expect(next.output()).toContain("! runner of an earlier start was still there, and was ended");
  expect(next.output()).toContain("! api of an earlier start was still there, and was ended");
  expect(readFileSync(join(dataDir, "auth"), "utf8")).toBe(token);
  expect((await fetch(`http://127.0.0.1:${port}/api/runs`, { headers: header(dataDir) })).status).toBe(200);

  // A process that dies is started again, and the console says so.
  process.kill(parseIdentity(readFileSync(join(dataDir, "pids/runner.json"), "utf8"))?.pid as number, "SIGKILL");
  await expect.poll(next.output, isReady).toContain("! runner ended (SIGKILL); starting it again in 0.5 s");
  next.child.kill("SIGTERM");
  expect(await next.ended).toBe(0);
  expect(processesOf(dataDir)).toEqual([]);
});

it("says what is wrong with its database, and shows no password", { timeout: 60_000 }, async () => {
  const dataDir = join(scratch(), "data");
  mkdirSync(dataDir);
  const unreachable = launch(dataDir, await freePort(), {
    DATABASE_URL: `postgres://user:s3cretpassword@127.0.0.1:${await freePort()}/none`,
  });
  expect(await unreachable.ended).toBe(1);
  expect(unreachable.output()).toMatch(/✗ database +the database does not answer/);
  expect(unreachable.output()).not.toContain("s3cretpassword");
});

it("runs the six lines of the README", { timeout: 300_000 }, async () => {
  const home = scratch();
  const port = await freePort();
  const started = launch(join(home, ".takosumi"), port, { TAKOSUMI_QUICKSTART: "off" });
  await expect.poll(started.output, isReady).toMatch(/^Ready: /m);
  const lines = /```sh\n([\s\S]*?)```/.exec(readFileSync(join(root, "README.md"), "utf8"))?.[1] ?? "";
  expect(lines.trim().split("\n")).toHaveLength(6);
  const said = execFileSync("bash", ["-ec", lines.replaceAll("8787", String(port))], { cwd: home, encoding: "utf8", timeout: 120_000 });
  expect(JSON.parse(said)).toMatchObject({ outputs: [{ name: "text", value: "mine", sensitive: false }] });
});
