import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { Problem } from "@takosumi/start/lines";
import { type Child, startChild } from "./child.ts";
import type { Launch } from "./env.ts";
import { lastLines } from "./log-file.ts";
import type { Tokens } from "./tokens.ts";

const readyMs = 60_000;
/** MiB of a half of V8's young generation; left alone it grows to three times as much, and stays so. */
const youngMiB = 16;

export function startApi(root: string, launch: Launch, tokens: Tokens, databaseUrl: string): Child {
  const { DATABASE_URL_FILE: _url, TAKOSUMI_BOOTSTRAP_TOKEN: _owner, TAKOSUMI_RUNNER_TOKEN: _runner, ...env } = launch.childEnv("api");
  return startChild(launch.dataDir, {
    name: "api",
    command: [process.execPath, `--max-semi-space-size=${youngMiB}`, join(root, "apps/api/src/main.ts")],
    cwd: root,
    env: {
      ...env,
      PORT: String(launch.port),
      HOST: launch.host,
      DATABASE_URL: databaseUrl,
      TAKOSUMI_DATA_DIR: launch.dataDir,
      TAKOSUMI_BOOTSTRAP_TOKEN_FILE: tokens.ownerFile,
      TAKOSUMI_RUNNER_TOKEN_FILE: tokens.runnerFile,
    },
  });
}

export function startRunner(root: string, launch: Launch, tokens: Tokens): Child {
  const { TAKOSUMI_RUNNER_TOKEN: _runner, ...env } = launch.childEnv("runner");
  return startChild(launch.dataDir, {
    name: "runner",
    command: [process.execPath, join(root, "apps/runner/src/main.ts")],
    cwd: root,
    env: {
      ...env,
      TAKOSUMI_URL: launch.url,
      TAKOSUMI_DATA_DIR: launch.dataDir,
      TAKOSUMI_RUNNER_DIR: env.TAKOSUMI_RUNNER_DIR ?? join(launch.dataDir, "runner"),
      TAKOSUMI_RUNNER_TOKEN_FILE: tokens.runnerFile,
    },
  });
}

/** Resolves once `isReady` says so. Throws a Problem with the reason from its log where the process ends before, or after a minute. */
export async function ready(child: Child, isReady: () => Promise<boolean>, signal: AbortSignal): Promise<void> {
  for (const end = performance.now() + readyMs; performance.now() < end; await pause(25, undefined, { signal })) {
    if (child.ended()) throw new Problem(reasonIn(child.log), `read ${child.log}`);
    const yes = await isReady().catch(() => false);
    signal.throwIfAborted();
    if (yes) return;
  }
  throw new Problem(`not ready within ${readyMs / 1000} s`, `read ${child.log}`);
}

/** Whether a GET is answered with 2xx. */
export async function answers(url: string, signal: AbortSignal): Promise<boolean> {
  const response = await fetch(url, { signal: AbortSignal.any([signal, AbortSignal.timeout(5_000)]) });
  await response.body?.cancel();
  return response.ok;
}

/** Why a process ended, from the last line of its log that says so. */
function reasonIn(log: string): string {
  const lines = lastLines(log, 20).reverse();
  for (const line of lines) {
    try {
      const { level, msg, err } = JSON.parse(line) as { level?: number | string; msg?: string; err?: { message?: string } };
      if (level === 60 || level === "fatal") return [msg, err?.message].filter(Boolean).join(": ");
    } catch {
      // Not every line is JSON: a crash before the logger is there writes text.
    }
  }
  return lines.find((line) => /error/i.test(line))?.slice(0, 400) ?? "ended without saying why";
}
