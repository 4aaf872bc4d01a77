import { z } from "zod";
import { can } from "../access.ts";
import { family, get } from "../define.ts";
import { idOf, nextCursor, opaqueId, paging, timestamp, workspaceId } from "../fields.ts";
import { auditEventExample } from "./examples/history.ts";

export const AuditEvent = z
  .object({
    id: opaqueId,
    sequence: z.int(),
    workspace_id: opaqueId.nullable(),
    actor: z.object({ id: z.string(), kind: z.string(), name: z.string() }),
    action: z.string(),
    target: z.object({ type: z.string(), id: z.string() }),
    capsule_id: opaqueId.nullable(),
    run_id: opaqueId.nullable(),
    metadata: z.record(z.string(), z.unknown()),
    request_id: z.string().nullable(),
    address: z.string().nullable(),
    user_agent: z.string().nullable(),
    /** Of what the target was and is: its row, or the content's own digest. Null where it was not there, or is not any more. */
    before_digest: z.string().nullable(),
    after_digest: z.string().nullable(),
    hash: z.string(),
    previous_hash: z.string(),
    created_at: timestamp,
  })
  .meta({ id: "AuditEvent", examples: [auditEventExample] });

export const audit = family(
  "audit",
  { context: "deploy", about: "What was done, by whom; chained by hash." },
  {
    list: get("/api/audit", {
      summary: "Audit events of a Workspace, newest first",
      access: can("audit:read", { workspace: "workspace_id" }),
      query: z.object({
        workspace_id: workspaceId.optional(),
        capsule_id: idOf("capsule").optional(),
        run_id: idOf("run").optional(),
        actor_id: opaqueId.optional(),
        action: z
          .string()
          .regex(/^[a-z_]+\.[a-z_]+$/, 'is not an action such as "run.approved"')
          .optional(),
        ...paging,
      }),
      output: z.object({ events: z.array(AuditEvent), ...nextCursor }),
    }),
    verify: get("/api/audit/verify", {
      summary: "Check the chain of hashes of a Workspace from its first event to its head",
      access: can("audit:read", { workspace: "workspace_id" }),
      query: z.object({ workspace_id: workspaceId.optional() }),
      output: z
        .object({
          ok: z.boolean(),
          checked: z.int(),
          first_broken: z.object({ sequence: z.int(), reason: z.string() }).nullable(),
          /** The newest event that is recorded outside the database as well. */
          anchored: z.object({ sequence: z.int(), at: timestamp }).nullable(),
        })
        .meta({ examples: [{ ok: true, checked: 42, first_broken: null, anchored: { sequence: 42, at: "2026-01-01T12:00:00.000Z" } }] }),
    }),
  },
);
