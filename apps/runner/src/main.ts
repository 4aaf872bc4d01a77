import { rm } from "node:fs/promises";
import { join } from "node:path";
import { runnerProtocol } from "@takosumi/contracts/runner/protocol";
import { removeLeftCgroups } from "@takosumi/opentofu/cgroups";
import { SpareShells } from "@takosumi/opentofu/spare-shells";
import { Inits } from "./cache/inits.ts";
import { Recent } from "./cache/recent.ts";
import { SourceCache } from "./cache/sources.ts";
import { readSettings, type Settings } from "./env.ts";
import { instanceOf } from "./instance.ts";
import { type Log, openLog } from "./log.ts";
import { workRoot } from "./run/journal.ts";
import { ReadyApplies } from "./run/ready-applies.ts";
import { SparePlans, spareRoot } from "./run/spare-plans.ts";
import { toolsOf } from "./run/tool.ts";
import { Runner } from "./runner.ts";
import { sandboxFacts } from "./sandbox.ts";
import { trustOwn } from "./trust.ts";
import { Client } from "./wire/client.ts";

const VERSION = "0.1.0";
/** Beyond the grace time of its applies, what a stopping runner may still take to tell their ends. */
const TELL_MS = 10_000;
const MOST_SHELLS = 16;

const stopping = new AbortController();
for (const signal of ["SIGTERM", "SIGINT"] as const) process.on(signal, () => stopping.abort());

/** Registers, goes on with what was left, and works until it is told to stop. */
async function serve(settings: Settings, log: Log): Promise<void> {
  const [facts, instance, tools] = await Promise.all([sandboxFacts(settings), instanceOf(settings.dir), toolsOf(settings).catch(() => [])]);
  const trusted = await trustOwn(settings.dir, settings.authorities);
  const client = new Client(settings.url, settings.token);
  const { runner, settings: given } = await client.call(
    runnerProtocol.operations.register,
    {
      instance,
      name: settings.name,
      version: VERSION,
      slots: settings.slots,
      tools: tools.slice(0, 32).map(({ name, version }) => ({ name, version })),
      sandbox: { kind: facts.kind, not_isolated: facts.missing.slice(0, 20) },
    },
    { signal: stopping.signal, patienceMs: 24 * 3_600_000 },
  );
  // Without a sandbox a shell is started with the environment of its phase, so none can be spare.
  const shells = new SpareShells(facts.kind === "none" ? 0 : Math.min(settings.slots * 2, MOST_SHELLS));
  const ready = new ReadyApplies(settings.slots);
  const spares = new SparePlans();
  const work = new Runner(
    {
      settings,
      client,
      runnerId: runner.id,
      renewMs: given.renew_seconds * 1_000,
      log,
      facts,
      trusted,
      shells,
      ready,
      spares,
      sources: new SourceCache(join(settings.dir, "sources"), settings.sourceCacheBytes),
      modules: new Recent(500),
      inits: new Inits(),
      masked: new Recent(200),
    },
    given.poll_seconds,
  );
  const stop = () => {
    log.info("stopping");
    work.stop();
    // What could not be told until then is told after the next start: its directory stays.
    setTimeout(() => process.exit(1), settings.stopGraceMs + TELL_MS).unref();
  };
  if (stopping.signal.aborted) stop();
  else stopping.signal.addEventListener("abort", stop);
  await Promise.all([work.resume(), rm(spareRoot(settings.dir), { recursive: true, force: true })]);
  for (const root of [workRoot(settings.dir), spareRoot(settings.dir)]) removeLeftCgroups(facts.cgroups, root);
  log.info(
    {
      runner_id: runner.id,
      name: runner.name,
      pool: runner.pool,
      sandbox: facts.kind,
      not_isolated: facts.missing,
      reason: facts.reason,
      tools: tools.map(({ name, version, path }) => ({ name, version, path })),
    },
    "ready",
  );
  await work.run();
  await Promise.all([ready.close(), spares.close()]);
  shells.close();
  await client.close();
}

try {
  const settings = readSettings();
  await serve(settings, openLog(settings.logLevel));
} catch (error) {
  if (!stopping.signal.aborted) {
    openLog("info").fatal({ problem: error instanceof Error ? error.message : String(error) }, "the runner cannot start");
    process.exitCode = 1;
  }
}
