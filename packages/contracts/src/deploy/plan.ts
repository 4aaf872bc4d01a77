import { z } from "zod";
import { timestamp } from "../fields.ts";
import { changeExample, diagnosticExample, planExample } from "./examples/plan.ts";

const counted = z.int().nonnegative();
export const Summary = z.object({
  add: counted,
  change: counted,
  destroy: counted,
  import: counted,
  move: counted,
  forget: counted,
});
export type Summary = z.infer<typeof Summary>;

export const Risk = z.enum(["high", "medium", "low"]);
export type Risk = z.infer<typeof Risk>;

/** What a change does to its object, in one word: `replace` is a delete and a create. */
export const ChangeAction = z.enum(["create", "update", "delete", "replace", "forget", "import", "move", "read", "no-op"]);
export type ChangeAction = z.infer<typeof ChangeAction>;

/** Where a value is sensitive or not known yet, before and after are null and the marks say why. */
export const AttributeChange = z.object({
  path: z.string(),
  before: z.unknown(),
  after: z.unknown(),
  sensitive: z.boolean(),
  unknown: z.boolean(),
  forces_replacement: z.boolean(),
});

/** What the runner reports of one resource: masked, bounded, without any risk. */
export const ReportedChange = z.object({
  address: z.string().max(2_000),
  module: z.string().max(2_000).nullable(),
  type: z.string().max(256),
  name: z.string().max(256),
  provider: z.string().max(512),
  mode: z.enum(["managed", "data"]),
  actions: z.array(z.enum(["no-op", "create", "read", "update", "delete", "forget", "open", "renew", "close"])).max(4),
  action_reason: z.string().max(128).nullable(),
  previous_address: z.string().max(2_000).nullable(),
  import_id: z.string().max(2_000).nullable(),
  deposed: z.string().max(64).nullable(),
  attributes: z.array(AttributeChange).max(500),
  attributes_truncated: z.boolean(),
});
export type ReportedChange = z.infer<typeof ReportedChange>;
export const ResourceChange = ReportedChange.extend({ risk: Risk, risk_reasons: z.array(z.string()) }).meta({
  id: "ResourceChange",
  examples: [changeExample],
});

export const OutputChange = z.object({
  name: z.string().max(256),
  actions: z.array(z.string().max(16)).max(4),
  before: z.unknown(),
  after: z.unknown(),
  sensitive: z.boolean(),
  unknown: z.boolean(),
});

export const Diagnostic = z
  .object({
    severity: z.enum(["error", "warning"]),
    summary: z.string().max(4_000),
    detail: z.string().max(16_000),
    address: z.string().max(2_000).nullable(),
    file: z.string().max(1_000).nullable(),
    line: z.int().nullable(),
    snippet: z.string().max(8_000).nullable(),
  })
  .meta({ id: "Diagnostic", examples: [diagnosticExample] });
export type Diagnostic = z.infer<typeof Diagnostic>;

export const Check = z.object({
  address: z.string().max(2_000),
  status: z.string().max(32),
  problems: z.array(z.string().max(4_000)).max(20),
});

/** What the runner says of a finished plan. */
export const ReportedPlan = z.object({
  has_changes: z.boolean(),
  summary: Summary,
  resource_changes: z.array(ReportedChange).max(20_000),
  drift: z.array(ReportedChange).max(5_000),
  output_changes: z.array(OutputChange).max(2_000),
  checks: z.array(Check).max(1_000),
});
export type ReportedPlan = z.infer<typeof ReportedPlan>;

export const Plan = z
  .object({
    digest: z.string(),
    size_bytes: z.int(),
    has_changes: z.boolean(),
    summary: Summary,
    risk: z.object({ high: counted, medium: counted, low: counted }),
    /** The riskiest 200; `truncated` says that there are more. */
    resource_changes: z.array(ResourceChange),
    change_count: counted,
    truncated: z.boolean(),
    drift: z.array(ResourceChange),
    output_changes: z.array(OutputChange),
    checks: z.array(Check),
    diagnostics: z.array(Diagnostic),
    expires_at: timestamp.nullable(),
  })
  .meta({ id: "Plan", examples: [planExample] });

export const Apply = z.object({ summary: Summary, diagnostics: z.array(Diagnostic), duration_ms: z.int() }).meta({ id: "Apply" });

/** A resource that a Run began, and whether its end was seen before the Run was lost. */
export const LedgerEntry = z.object({
  address: z.string(),
  action: z.string(),
  id: z.string().nullable(),
  state: z.enum(["started", "completed", "possibly_started"]),
  import_block: z.string().nullable(),
});
export const Recovery = z
  .object({
    reason: z.string(),
    last_heartbeat_at: timestamp.nullable(),
    checkpoint: z.object({ serial: z.int(), digest: z.string(), at: timestamp }).nullable(),
    ledger: z.array(LedgerEntry),
    resolution: z
      .object({
        action: z.enum(["adopt_checkpoint", "upload_state", "keep_previous"]),
        actor: z.object({ id: z.string(), name: z.string() }),
        at: timestamp,
      })
      .nullable(),
  })
  .meta({ id: "Recovery" });
