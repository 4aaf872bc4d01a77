import { z } from "zod";
import { ModuleCredential } from "../deploy/module-credentials.ts";
import { PlanMode, RunKind } from "../deploy/run.ts";
import { Digest } from "../deploy/runs.ts";
import { opaqueId, timestamp } from "../fields.ts";

const bytes = z.int().nonnegative();
/** A blob that the runner fetches with `input`, unless it holds those bytes already. */
export const Artifact = z.object({ digest: Digest, size_bytes: bytes });
/** Tool of a Run. A plan may leave it open; an apply names exactly the one that planned. */
export const LeaseTool = z.object({
  name: z.string().nullable(),
  version: z.string().nullable(),
  digest: z.string().nullable(),
  least: z.string().nullable(),
});
/** The state that a Run works on. Serial 0 of a new lineage has no blob: the runner writes an empty state. */
export const BaseState = z.object({ lineage: z.string(), serial: z.int(), digest: Digest, size_bytes: bytes, stored: z.boolean() });
/** What was approved. The runner recomputes each from the bytes on its disk right before it spawns the tool. */
export const SealedPlan = z.object({
  plan: Artifact,
  work: Artifact,
  /** Digest of the unpacked tree: names, modes and contents. */
  work_tree_digest: Digest,
  lock_digest: Digest,
});

/** A source that is still to be fetched, with this credential alone. */
export const LeaseGit = z.object({
  url: z.string(),
  ref: z.string().nullable(),
  known_hosts: z.array(z.string()),
  credential: z.string().nullable(),
});
/** What init may show to one host. */
export const LeaseModule = ModuleCredential.omit({ secret_id: true }).extend({ value: z.string() });

/** One Run handed to one runner for as long as it renews. Holds plaintext variables: never logged, never stored. */
export const Lease = z.object({
  run_id: opaqueId,
  epoch: z.int(),
  kind: RunKind,
  mode: PlanMode,
  workspace_id: opaqueId,
  capsule_id: opaqueId,
  plan_run_id: opaqueId.nullable(),
  module_path: z.string(),
  targets: z.array(z.string()),
  replace: z.array(z.string()),
  /** Null where the runner fetches it: `git` says from where. */
  source: Artifact.nullable(),
  git: LeaseGit.nullable(),
  modules: z.array(LeaseModule),
  base: BaseState,
  tool: LeaseTool,
  sealed: SealedPlan.nullable(),
  variables: z.object({
    tofu: z.record(z.string(), z.unknown()),
    env: z.record(z.string(), z.string()),
  }),
  /** Values that must not leave the runner, with the names that stand in their place. */
  secrets: z.array(z.object({ name: z.string(), value: z.string() })),
  /** Whether a connection serves a provider of the sealed plan, or of a plan that is to be made may: only then there are credentials to ask for. */
  bound: z.boolean(),
  /** Providers that the policy of a plan lets in and keeps out: looked at before anything that was installed is started. */
  provider_rules: z.object({ allowed_providers: z.array(z.string()).nullable(), denied_providers: z.array(z.string()) }).nullable(),
  last_sequence: z.int(),
  cancel: z.boolean(),
  expires_at: timestamp,
  /** Until its policy ends the Run. No time of day: a runner's clock may be wrong. */
  seconds_left: z.number().nonnegative(),
});
export type Lease = z.infer<typeof Lease>;
