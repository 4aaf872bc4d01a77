import type { RunKind, RunStatus } from "@takosumi/contracts/deploy/run";

type Table = Readonly<Partial<Record<RunStatus, readonly RunStatus[]>>>;

const plan: Table = {
  queued: ["running", "cancelled"],
  running: ["planned", "succeeded", "failed", "blocked", "cancelled", "stale", "queued"],
  planned: ["approved", "discarded", "stale", "expired"],
};
const write: Table = {
  awaiting_approval: ["queued", "discarded", "stale", "expired", "cancelled"],
  queued: ["running", "stale", "cancelled"],
  /** Back to its queue only where its plan was never handed out. */
  running: ["succeeded", "failed", "cancelled", "stale", "needs_recovery", "queued"],
  needs_recovery: ["running", "succeeded", "failed", "cancelled"],
};

/** Every way from one status to another. What is not here does not happen: a status without a row is the end. */
export const transitions: Readonly<Record<RunKind, Table>> = { plan, apply: write, destroy: write };

export const mayMove = (kind: RunKind, from: RunStatus, to: RunStatus): boolean => transitions[kind][from]?.includes(to) ?? false;

/** The statuses that lead to `to`, over the kinds that are asked about: the WHERE of the UPDATE that moves there. */
export const sourcesOf = (to: RunStatus, kinds: readonly RunKind[] = ["plan", "apply", "destroy"]): RunStatus[] => [
  ...new Set(
    kinds.flatMap((kind) =>
      (Object.entries(transitions[kind]) as [RunStatus, readonly RunStatus[]][])
        .filter(([, tos]) => tos.includes(to))
        .map(([from]) => from),
    ),
  ),
];

export const isTerminal = (kind: RunKind, status: RunStatus): boolean => transitions[kind][status] === undefined;
/** Whether a runner may be at work on it. */
export const isLeased = (status: RunStatus): boolean => status === "running" || status === "needs_recovery";
