import { z } from "zod";
import { Output } from "../deploy/outputs.ts";
import { Diagnostic, ReportedPlan, Summary } from "../deploy/plan.ts";
import { Digest } from "../deploy/runs.ts";
import { Artifact } from "./lease.ts";

export const UsedTool = z.object({ name: z.enum(["opentofu", "terraform"]), version: z.string().max(64), digest: Digest });
export type UsedTool = z.infer<typeof UsedTool>;

/** A state that was uploaded as the artifact `state`, and what its bytes say. */
export const RecordedState = z.object({
  digest: Digest,
  size_bytes: z.int().positive(),
  serial: z.int(),
  lineage: z.string().max(128),
  resource_count: z.int().nullable(),
  outputs: z.array(Output).max(2_000),
});
export type RecordedState = z.infer<typeof RecordedState>;

const diagnostics = z.array(Diagnostic).max(200);
const error = z.object({ code: z.string().max(64), message: z.string().max(4_000), details: z.record(z.string(), z.unknown()).nullable() });
const tool = UsedTool.nullable();

/** How a Run ended. `state` is null where the tool did not change it; `unsaved` names why a changed state could not be read. */
export const Outcome = z.discriminatedUnion("result", [
  z.object({
    result: z.literal("planned"),
    tool: UsedTool,
    plan: ReportedPlan,
    diagnostics,
    artifacts: z.object({ plan: Artifact, work: Artifact, work_tree_digest: Digest, lock_digest: Digest }),
  }),
  z.object({
    result: z.literal("applied"),
    tool: UsedTool,
    state: RecordedState.nullable(),
    summary: Summary,
    diagnostics,
    duration_ms: z.int(),
  }),
  z.object({
    result: z.enum(["failed", "cancelled"]),
    tool,
    error,
    diagnostics,
    state: RecordedState.nullable(),
    summary: Summary.nullable(),
    duration_ms: z.int(),
  }),
  z.object({ result: z.literal("state_unsaved"), tool, error, diagnostics }),
  z.object({ result: z.literal("stale"), error }),
]);
export type Outcome = z.infer<typeof Outcome>;
