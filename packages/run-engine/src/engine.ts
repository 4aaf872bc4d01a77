import type { Readable } from "node:stream";
import type { RunnerEvent } from "@takosumi/contracts/runner/events";
import type { Outcome, UsedTool } from "@takosumi/contracts/runner/outcome";
import type { Queries } from "@takosumi/db/db";
import type { RunRow } from "@takosumi/db/rows";
import { approve } from "./approve.ts";
import { acceptArtifact, acceptCarried, openInput } from "./artifacts.ts";
import { type Claiming, claim } from "./claim.ts";
import { completePlan, completeRun, completeStale, completeUnsaved, type Rank } from "./complete.ts";
import { createPlan, type PlanRequest, preparePlan } from "./create-plan.ts";
import { createWrite } from "./create-write.ts";
import { keepCredentials, prepareCredentials, workspaceOfRun } from "./credentials.ts";
import { cancel, discard, retryWrite } from "./decide.ts";
import { openFollowing } from "./follow-events.ts";
import { type Bringing, prepareImport, prepareRollback, recordBrought } from "./import-state.ts";
import { keepHouse } from "./keep-house.ts";
import type { Held } from "./lease.ts";
import { openNotices } from "./notices.ts";
import type { Asked } from "./open-connections.ts";
import { pinSource, type StoredSource } from "./pin-source.ts";
import { queueOf } from "./queue-view.ts";
import { readLog } from "./read-log.ts";
import { prepareRecovery, type RecoverRequest, recover } from "./recover.ts";
import type { Requirement } from "./resolution.ts";
import { resolveProviders } from "./resolve.ts";
import type { EngineResources } from "./resources.ts";
import { drainRunner, registerRunner, renew, resume, runnerOf, runsOfOthers } from "./runners.ts";
import { staleOnConfigChange, staleOnConnectionChange } from "./stale.ts";
import { startSweeper } from "./sweep.ts";
import { openIngest, takeEvents } from "./take-events.ts";
import { givenVariables } from "./variables.ts";
import { openWorkspaceFeeds } from "./workspace-feed.ts";

type Options = Omit<EngineResources, "notices"> & { readonly onError: (error: unknown) => void };
type Ended = Exclude<Outcome, { result: "planned" }>;

/** The Run engine: the only writer of Run rows. Calls that take a `Tx` belong into the transaction of `write`; the others open their own. */
export async function openEngine({ onError, ...opened }: Options) {
  const resources: EngineResources = { ...opened, notices: await openNotices(opened.db) };
  const ingest = openIngest(resources);
  const following = openFollowing(resources);
  const workspaces = openWorkspaceFeeds(resources, onError);
  const sweeper = startSweeper(resources, onError);
  const house = keepHouse(resources, onError);
  return {
    settings: resources.settings,
    preparePlan: (request: PlanRequest) => preparePlan(resources, request),
    createPlan,
    givenVariables: (run: RunRow) => givenVariables(resources.keyring, run),
    createWrite,
    approve,
    discard,
    cancel,
    retryWrite,
    prepareRecovery: (run: RunRow, request: RecoverRequest) => prepareRecovery(resources, run, request),
    recover,
    prepareImport: (bringing: Bringing, bytes: Buffer) => prepareImport(resources, bringing, bytes),
    prepareRollback: (bringing: Bringing, to: string) => prepareRollback(resources, bringing, to),
    recordBrought,
    staleOnConfigChange,
    staleOnConnectionChange,
    queueOf: (db: Queries, run: RunRow) => queueOf(db, resources.settings, run),
    readLog: (run: RunRow, offset: number, limit: number) => readLog(resources, run, offset, limit),
    events: following.events,
    follow: following.follow,
    followWorkspace: workspaces.follow,

    registerRunner,
    drainRunner,
    runnerOf: (runner: string, token: string) => runnerOf(resources, runner, token),
    claim: (claiming: Claiming, waitMs: number, signal: AbortSignal) => claim(resources, claiming, waitMs, signal),
    runsOfOthers,
    resume: (runner: string, held: readonly { readonly run_id: string; readonly epoch: number }[]) => resume(resources, runner, held),
    renew: (held: Held, waitMs: number, signal: AbortSignal) => renew(resources, held, waitMs, signal),
    takeEvents: (held: Held, first: number, events: readonly RunnerEvent[]) =>
      takeEvents({ ...resources, ingest, following }, held, first, events),
    resolveProviders: (held: Held, requirements: readonly Requirement[], lockDigest: string, tool: UsedTool | null) =>
      resolveProviders(resources, held, requirements, lockDigest, tool),
    acceptArtifact: (held: Held, kind: "source" | "plan" | "work" | "state" | "checkpoint", body: Readable, digest: string) =>
      acceptArtifact(resources, held, kind, body, digest),
    acceptCarried: (held: Held, carried: Parameters<typeof acceptCarried>[2]) => acceptCarried(resources, held, carried),
    prepareCredentials: (held: Held, asked: Asked, signal: AbortSignal) => prepareCredentials(resources, held, asked, signal),
    keepCredentials,
    workspaceOfRun: (run: string) => workspaceOfRun(resources.db, run),
    pinSource: (held: Held, commit: string, stored: StoredSource | undefined) => pinSource(resources, held, commit, stored),
    openInput: (held: Held, kind: "source" | "state" | "plan" | "work") => openInput(resources, held, kind),
    completePlan: (held: Held, outcome: Extract<Outcome, { result: "planned" }>, rank: Rank) =>
      completePlan(resources, held, outcome, rank),
    complete: (held: Held, outcome: Ended): Promise<RunRow> => {
      if (outcome.result === "stale") return completeStale(resources, held, outcome.error);
      if (outcome.result === "state_unsaved") return completeUnsaved(resources, held, outcome.error);
      return completeRun(resources, held, outcome);
    },
    close: async () => {
      workspaces.close();
      await sweeper.close();
      await house.close();
      await resources.notices.close();
    },
  };
}
export type Engine = Awaited<ReturnType<typeof openEngine>>;
