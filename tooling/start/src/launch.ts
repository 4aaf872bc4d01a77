import { mkdirSync } from "node:fs";
import type { Tool } from "@takosumi/opentofu/types";
import { Problem, step, warning } from "@takosumi/start/lines";
import { type Caller, callerOf } from "./caller.ts";
import { endLeftover, logFile } from "./child.ts";
import type { Closers } from "./closers.ts";
import { closingText } from "./closing-text.ts";
import { type Database, openDatabase } from "./database.ts";
import { type Launch, readLaunch } from "./env.ts";
import { generateClient } from "./generate.ts";
import { lockDataDir } from "./lock.ts";
import { watchLogs } from "./log-file.ts";
import { checkPort } from "./port.ts";
import { answers, ready, startApi, startRunner } from "./processes.ts";
import { firstRun, isWanted } from "./quickstart.ts";
import { type Supervised, supervise } from "./supervise.ts";
import { readyTokens, type Tokens } from "./tokens.ts";
import { describeTool, installInBackground, toolsHere } from "./tool.ts";

/** The runner interrupts its applies, waits for them, and records their states; the api finishes its requests. */
const apiGraceMs = 12_000;
const recordMs = 20_000;
const say = (line: string) => console.log(`  ! ${line}`);

/** Everything, in order. What has to be ended again is in `closers`, whether this succeeds or throws. */
export async function launchAll(root: string, closers: Closers, signal: AbortSignal): Promise<void> {
  const launch = named("settings", () => readLaunch());
  const runnerGraceMs = launch.stopGraceMs + recordMs;
  mkdirSync(launch.dataDir, { recursive: true, mode: 0o700 });
  closers.add(
    "data directory",
    named("data", () => lockDataDir(launch.dataDir)),
  );
  for (const [name, graceMs] of [
    ["tofu-install", 1_000],
    ["runner", runnerGraceMs],
    ["api", apiGraceMs],
  ] as const) {
    if (await endLeftover(launch.dataDir, name, graceMs)) say(`${name} of an earlier start was still there, and was ended`);
  }
  await checkPort(launch.host, launch.port).catch((error: Problem) => {
    throw Object.assign(error, { step: "api" });
  });
  const tokens = readyTokens(launch.dataDir, { owner: launch.bootstrapToken, runner: launch.runnerToken });
  closers.add(
    "logs",
    watchLogs(() => ["api", "runner", "tofu-install"].map((name) => logFile(launch.dataDir, name))),
  );

  let api: Supervised | undefined;
  // Asking and hashing the binaries takes about as long as the database.
  const looking = toolsHere(launch);
  looking.catch(() => {});
  const database = await databaseSteps(launch, closers, () => api?.restart(apiGraceMs), signal);
  const tools = await toolStep(root, launch, looking, closers, signal);
  await step("build", async (now) => {
    now("generating the database client");
    return (await generateClient(root)) ? "database client generated" : "up to date";
  });
  signal.throwIfAborted();
  api = await apiStep(root, launch, tokens, database, closers, signal);
  const caller = callerOf(launch.url, tokens.owner, signal);
  const known = await caller.get("/api/projects?limit=1").then(
    () => true,
    () => false,
  );
  if (!known)
    console.log(warning("token", `${tokens.authFile} was revoked`, `delete ${tokens.ownerFile}: the next start makes another one`));
  await runnerStep(root, launch, tokens, known ? caller : null, runnerGraceMs, closers, signal);
  if (launch.quickstart && known) await firstRunStep(caller, tools, signal);
  const signIn = known ? await signInLink(caller) : null;
  console.log(closingText({ url: launch.url, dataDir: launch.dataDir, authFile: tokens.authFile, signIn }));
}

/** Null where the owner has an account already, or the token that was given may not sign them in. */
async function signInLink(caller: Caller): Promise<string | null> {
  try {
    const { setup_completed } = await caller.get<{ setup_completed: boolean }>("/api/setup/status");
    return setup_completed ? null : (await caller.post<{ url: string }>("/api/me/sign-in-codes", {})).url;
  } catch {
    return null;
  }
}

function named<T>(name: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (error instanceof Problem) Object.assign(error, { step: name });
    throw error;
  }
}

async function databaseSteps(launch: Launch, closers: Closers, restarted: () => void, signal: AbortSignal): Promise<Database> {
  let opened: Database | undefined;
  await step("database", async (now) => {
    opened = await openDatabase(launch, { say: now, warn: say, restarted });
    closers.add("database", () => opened?.stop());
    return opened.text;
  });
  const database = opened as Database;
  const { applied, total } = database.migrations;
  await step("migrations", async () => (applied > 0 ? `${applied} applied` : `${total} applied before`));
  signal.throwIfAborted();
  return database;
}

async function toolStep(root: string, launch: Launch, looking: Promise<Tool[]>, closers: Closers, signal: AbortSignal): Promise<Tool[]> {
  let tools: Tool[] = [];
  await step("tool", async (now) => {
    now("looking for tofu");
    tools = await looking;
    const [best] = tools;
    if (!best) return null;
    return best.name === "opentofu" ? describeTool(best) : `${describeTool(best)}\nbegins; OpenTofu is being installed meanwhile`;
  });
  if (tools[0]?.name !== "opentofu") {
    const install = installInBackground(root, launch.dataDir, launch.childEnv("runner"), say);
    closers.add("tofu-install", () => install.stop(1_000));
    if (tools.length === 0)
      console.log(
        warning("tool", "no tofu or terraform: Runs wait", "set TAKOSUMI_TOFU_BIN=<path>; OpenTofu is being installed meanwhile"),
      );
  }
  signal.throwIfAborted();
  return tools;
}

async function apiStep(
  root: string,
  launch: Launch,
  tokens: Tokens,
  database: Database,
  closers: Closers,
  signal: AbortSignal,
): Promise<Supervised> {
  let supervised: Supervised | undefined;
  await step("api", async (now) => {
    const start = () => startApi(root, launch, tokens, database.url());
    const first = start();
    closers.add("api", () => (supervised ?? first).stop(apiGraceMs));
    now("waiting for its first answer");
    await ready(first, () => answers(`${launch.url}/readyz`, signal), signal);
    supervised = supervise("api", first, start, say);
    return launch.url;
  });
  return supervised as unknown as Supervised;
}

interface RunnerRow {
  readonly last_seen_at: string;
  readonly status: string;
  readonly sandbox: { readonly kind: string; readonly not_isolated: readonly string[] };
}

async function runnerStep(
  root: string,
  launch: Launch,
  tokens: Tokens,
  api: Caller | null,
  graceMs: number,
  closers: Closers,
  signal: AbortSignal,
): Promise<void> {
  let online: RunnerRow[] = [];
  await step("runner", async (now) => {
    const start = () => startRunner(root, launch, tokens);
    const began = Date.now();
    const first = start();
    let supervised: Supervised | undefined;
    closers.add("runner", () => (supervised ?? first).stop(graceMs));
    now("waiting until it is online");
    const isOnline = async () => {
      if (api === null) return answers(`${launch.url}/readyz?runners=1`, signal);
      online = (await api.get<{ runners: RunnerRow[] }>("/api/runners")).runners.filter(({ status }) => status === "online");
      // One that was stopped a moment ago counts as online for a while.
      return online.some(({ last_seen_at }) => Date.parse(last_seen_at) >= began);
    };
    await ready(first, isOnline, signal);
    supervised = supervise("runner", first, start, say);
    if (api === null) return "online";
    return `${online.length} online, sandbox ${[...new Set(online.map(({ sandbox }) => sandbox.kind))].join(", ")}`;
  });
  if (online.some(({ sandbox }) => sandbox.kind === "none"))
    console.log(warning("sandbox", "no bubblewrap: Runs not isolated", "install bubblewrap"));
  const missing = [...new Set(online.filter(({ sandbox }) => sandbox.kind !== "none").flatMap(({ sandbox }) => sandbox.not_isolated))];
  if (missing.length > 0) console.log(warning("sandbox", `not isolated: ${missing.join("; ")}`));
}

/** An instance that cannot run it still serves: the reason is said, and stands on the Run. */
async function firstRunStep(api: Caller, tools: readonly Tool[], signal: AbortSignal): Promise<void> {
  try {
    if (!(await isWanted(api))) return;
    if (tools.length === 0) return console.log(warning("first Run", "waits for a tool", "start again once there is one"));
    await step("first Run", async (now) => ["plan, approve, apply", ...(await firstRun(api, now, signal))].join("\n"));
  } catch (error) {
    signal.throwIfAborted();
    console.log(warning("first Run", (error as Error).message, "look at GET /api/runs; Takosumi serves on"));
  }
}
