import { z } from "zod";
import { can } from "../access.ts";
import { download, family, get, upload } from "../define.ts";
import { nextCursor, opaqueId, paging, timestamp } from "../fields.ts";
import { stateVersionExample } from "./examples/history.ts";
import { Digest } from "./runs.ts";

const MiB = 1024 * 1024;

export const StateVersion = z
  .object({
    id: opaqueId,
    capsule_id: opaqueId,
    serial: z.int(),
    lineage: z.string(),
    digest: z.string(),
    size_bytes: z.int(),
    /** Null where nobody can count them: a state that the module itself encrypts. */
    resource_count: z.int().nullable(),
    /** The Run that made it: by applying, or by its recovery. */
    run_id: opaqueId.nullable(),
    origin: z.enum(["run", "recovery", "import", "rollback"]),
    /** Who brought it, where it did not come from an apply. */
    actor: z.object({ id: z.string(), name: z.string() }).nullable(),
    /** The earlier version that it repeats. */
    rolled_back_to: opaqueId.nullable(),
    created_at: timestamp,
  })
  .meta({ id: "StateVersion", examples: [stateVersionExample] });

const oneVersion = z.object({ state_version: StateVersion });
const ofCapsule = { kept_capsule: "capsule_id", state_version: "id" } as const;

/** The state that the caller saw as the current one; without any of it: that there is none yet. */
const expected = z
  .object({
    expect_lineage: z.string().min(1).max(128).optional(),
    expect_serial: z.coerce.number<number>().int().min(0).max(Number.MAX_SAFE_INTEGER).optional(),
    expect_digest: Digest.optional(),
  })
  .superRefine((given, context) => {
    const names = ["expect_lineage", "expect_serial", "expect_digest"] as const;
    const missing = names.filter((name) => given[name] === undefined);
    if (missing.length === 0 || missing.length === names.length) return;
    for (const name of missing) context.addIssue({ code: "custom", path: [name], message: "is needed: give all three or none" });
  });

export const state = family(
  "state",
  { context: "deploy", about: "The states of a Capsule, append-only: what applies recorded, and what people brought." },
  {
    list: get("/api/state/:capsule_id/versions", {
      summary: "State versions of a Capsule, newest first; also of a deleted one",
      access: can("run:read", { kept_capsule: "capsule_id" }),
      query: z.object(paging),
      output: z.object({ state_versions: z.array(StateVersion), ...nextCursor }),
    }),
    download: download("/api/state/:capsule_id/versions/:id", {
      summary: "The bytes of a state, secrets included",
      access: can("state:read", ofCapsule),
      audit: "state.downloaded",
      produces: ["application/json"],
      errors: ["GONE"],
    }),
    read: get("/api/state/:capsule_id/versions/:id/metadata", {
      summary: "One state version without its bytes",
      access: can("run:read", ofCapsule),
      output: oneVersion,
    }),
    create: upload.post("/api/state/:capsule_id/versions", {
      summary: "Bring a state from elsewhere, or go back to an earlier one",
      about: `The body is the state itself (version 4, not encrypted), or \`{"rollback_to": "sv_…"}\`. It becomes the current state only where
the current one is what \`expect_lineage\`, \`expect_serial\` and \`expect_digest\` say; without them, only where there is none. The first
import sets the lineage; a later one must have it, and a higher serial. A rollback repeats the earlier state under the next serial.
Plans made on the state before become stale.`,
      access: can("state:write", { capsule: "capsule_id" }),
      audit: "state.imported",
      query: expected,
      accepts: ["application/json", "application/octet-stream"],
      limit: 64 * MiB,
      output: oneVersion,
      status: 201,
      errors: ["CONFLICT", "PRECONDITION_FAILED"],
    }),
  },
);
