import { z } from "zod";
import { credential } from "../access.ts";
import { download, family, post, upload } from "../define.ts";
import { EnvName } from "../deploy/env-names.ts";
import { ProviderResolution } from "../deploy/run.ts";
import { Digest } from "../deploy/runs.ts";
import { count, opaqueId, timestamp } from "../fields.ts";
import { batchLimit, RunnerEvent } from "./events.ts";
import { Artifact, Lease } from "./lease.ts";
import { Outcome, UsedTool } from "./outcome.ts";

/** Bytes of all artifacts that come along with the end of a Run. */
export const carriedLimit = 256 * 1024;
const MiB = 1024 * 1024;
const access = credential("runner");
const epoch = z.int().positive();
/** The lease that a call stands on: of a runner, for one Run, at one epoch. */
const leased = { runner_id: opaqueId, epoch };
const inQuery = { runner_id: opaqueId, epoch: count(Number.MAX_SAFE_INTEGER) };
const sandbox = z.strictObject({ kind: z.enum(["bubblewrap", "none"]), not_isolated: z.array(z.string().max(200)).max(20) });
const tools = z.array(z.strictObject({ name: z.enum(["opentofu", "terraform"]), version: z.string().max(64) })).max(32);

/** `settable`: arguments can be set on this configuration from outside, since it stands in the root module alone. */
export const Requirement = z.strictObject({
  provider: z.string().max(512),
  alias: z.string().max(128).nullable(),
  builtin: z.boolean(),
  settable: z.boolean().default(false),
});

const events = z.array(RunnerEvent).min(1).max(batchLimit.events);
/** An artifact that is small enough to come inside the call that names it. */
const Carried = z.strictObject({
  kind: z.enum(["plan", "work", "state"]),
  digest: Digest,
  base64: z.string().max(Math.ceil((carriedLimit * 4) / 3) + 4),
});

const argument = { name: z.string().max(128), yields: z.boolean() };
/**
 * What the runner injects for one phase, and takes away after it. Values: never logged, never stored. Paths are relative to a folder that
 * only this phase's payload reads; a file's variable, and an argument that names files, hold the path as the payload sees it. Arguments
 * are set on one provider configuration; with `yields` only where its own block has none.
 */
export const Credentials = z.object({
  env: z.array(z.object({ name: EnvName, value: z.string(), sensitive: z.boolean() })).max(1_000),
  files: z
    .array(z.object({ path: z.string().max(400), content: z.string(), env_name: EnvName.nullable(), sensitive: z.boolean() }))
    .max(1_000),
  arguments: z
    .array(
      z.object({
        provider: z.string().max(512),
        alias: z.string().max(128).nullable(),
        set: z.array(
          z.union([
            z.object({ ...argument, value: z.union([z.string(), z.boolean()]) }),
            z.object({ ...argument, file: z.string().max(400) }),
            z.object({ ...argument, files: z.array(z.string().max(400)).max(20) }),
          ]),
        ),
      }),
    )
    .max(500),
});
export type Credentials = z.infer<typeof Credentials>;

export const runnerProtocol = family(
  "runnerProtocol",
  { context: "runner", about: "What a runner and the api say to each other." },
  {
    register: post("/api/runner/register", {
      summary: "Announce a runner: one with the same instance name is the same runner come back",
      access,
      audit: "runner.registered",
      body: z.strictObject({
        instance: opaqueId,
        name: z.string().min(1).max(100),
        version: z.string().max(64),
        slots: z.int().min(1).max(256),
        tools,
        sandbox,
      }),
      output: z.object({
        runner: z.object({ id: opaqueId, name: z.string(), pool: z.string() }),
        settings: z.object({ lease_seconds: z.int(), renew_seconds: z.int(), poll_seconds: z.int() }),
      }),
    }),
    claim: post("/api/runner/claim", {
      summary: "Wait for a Run and take it",
      access,
      audit: "none: the engine records the start of the Run",
      body: z.strictObject({
        runner_id: opaqueId,
        wait_seconds: z.int().min(0).max(60),
        tools,
        /** The Runs that it knows itself to hold, where an answer to an earlier claim may have been lost: one that it does not name comes again. */
        holding: z.array(opaqueId).max(512).optional(),
      }),
      output: z.object({ lease: Lease.nullable() }),
    }),
    resume: post("/api/runner/resume", {
      summary: "Leases that this runner still holds, after it was started again",
      access,
      audit: "none: nothing changes",
      body: z.strictObject({ runner_id: opaqueId, held: z.array(z.strictObject({ run_id: opaqueId, epoch })).max(256) }),
      output: z.object({ leases: z.array(Lease) }),
    }),
    renew: post("/api/runner/runs/:id/renew", {
      summary: "Keep a lease, and hear whether the Run is to be cancelled: at once, or as soon as it is within wait_seconds",
      access,
      audit: "none: a heartbeat",
      body: z.strictObject({ ...leased, wait_seconds: z.int().min(0).max(60).default(0) }),
      output: z.object({ cancel: z.object({ reason: z.string() }).nullable(), expires_at: timestamp }),
      errors: ["CONFLICT", "NOT_FOUND"],
    }),
    events: post("/api/runner/runs/:id/events", {
      summary: "Append events exactly once, by the sequence of the first",
      access,
      audit: "none: the event log is the record",
      body: z.strictObject({ ...leased, first: z.int().positive(), events }),
      output: z.object({ last_sequence: z.int() }),
      limit: 2 * MiB,
      errors: ["CONFLICT", "NOT_FOUND"],
    }),
    resolve: post("/api/runner/runs/:id/resolve", {
      summary: "Report the providers that the module needs; the answer says which connections serve them, or ends the Run blocked",
      access,
      audit: "none: the engine records a blocked Run",
      body: z.strictObject({
        ...leased,
        requirements: z.array(Requirement).max(500),
        lock_digest: Digest,
        tool: UsedTool.nullable().default(null),
      }),
      output: z.object({ blocked: z.boolean(), provider_bindings: z.array(ProviderResolution) }),
      errors: ["CONFLICT", "NOT_FOUND"],
    }),
    credentials: post("/api/runner/runs/:id/credentials", {
      summary: "Environment and files of the resolved connections for one phase",
      access,
      audit: "run.credentials_opened",
      body: z.strictObject({
        ...leased,
        phase: z.enum(["plan", "apply"]),
        /** `redact`: a tool that was started with them goes on, and its output is to be hidden. */
        purpose: z.enum(["inject", "redact"]).default("inject"),
      }),
      output: Credentials,
      errors: ["CONFLICT", "NOT_FOUND", "PRECONDITION_FAILED"],
    }),
    input: download("/api/runner/runs/:id/inputs/:kind", {
      summary: "Bytes that this Run works on",
      access,
      params: z.object({ kind: z.enum(["source", "state", "plan", "work"]) }),
      query: z.object(inQuery),
      produces: ["application/octet-stream"],
      errors: ["CONFLICT", "NOT_FOUND", "GONE"],
    }),
    source: post("/api/runner/runs/:id/source", {
      summary: "Pin the source of a Run to a commit: answers the snapshot that is known of it, or null until its bytes are stored",
      access,
      audit: "none: the engine records the source of the Run",
      body: z.strictObject({
        ...leased,
        commit: z.string().regex(/^(?:[0-9a-f]{40}|[0-9a-f]{64})$/, "is not a commit"),
        stored: Artifact.extend({ paths: z.array(z.string().max(1_024)).max(1_000) }).optional(),
      }),
      output: z.object({ source: Artifact.nullable() }),
      limit: 4 * MiB,
      errors: ["CONFLICT", "NOT_FOUND", "PRECONDITION_FAILED"],
    }),
    artifact: upload.put("/api/runner/runs/:id/artifacts/:kind", {
      summary: "Bytes that this Run made; a checkpoint says which state it is",
      access,
      audit: "none: complete names what counts",
      params: z.object({ kind: z.enum(["source", "plan", "work", "state", "checkpoint"]) }),
      query: z.object({ ...inQuery, digest: Digest }),
      accepts: ["application/octet-stream"],
      limit: 512 * MiB,
      output: z.object({ digest: z.string(), size_bytes: z.int() }),
      errors: ["CONFLICT", "NOT_FOUND"],
    }),
    complete: post("/api/runner/runs/:id/complete", {
      summary: "End a Run, once; its last events and small artifacts may come along",
      access,
      audit: "none: the engine records the end of the Run",
      body: z.strictObject({
        ...leased,
        last_sequence: z.int().nonnegative(),
        events: z.strictObject({ first: z.int().positive(), events }).optional(),
        artifacts: z.array(Carried).max(3).optional(),
        outcome: Outcome,
      }),
      output: z.object({ status: z.string() }),
      limit: 64 * MiB,
      errors: ["CONFLICT", "NOT_FOUND", "PRECONDITION_FAILED"],
    }),
  },
);
