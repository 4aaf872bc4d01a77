import type { Actor } from "@takosumi/contracts/deploy/run";
import { appendAudit, chainOf } from "./audit.ts";
import { storable } from "./canonical-json.ts";
import type { Db } from "./db.ts";
import { statement } from "./sql.ts";

/** Somebody was refused something. */
export interface Denial {
  readonly workspace_id: string | null;
  readonly actor: Actor;
  /** "runs.approve" */
  readonly operation: string;
  readonly metadata?: Readonly<Record<string, unknown>>;
  readonly request_id?: string | null;
  readonly address?: string | null;
  readonly user_agent?: string | null;
  readonly at?: Date;
}

const minuteMs = 60_000;
// Both by the primary key.
const countAgain = statement(
  "audit_denial_again",
  "UPDATE audit_denials SET count = count + 1 WHERE chain_id = $1 AND principal_id = $2 AND operation = $3 AND minute = $4 RETURNING count",
);
const countFirst = statement(
  "audit_denial_first",
  `INSERT INTO audit_denials AS known (chain_id, principal_id, operation, minute) VALUES ($1, $2, $3, $4)
   ON CONFLICT (chain_id, principal_id, operation, minute) DO UPDATE SET count = known.count + 1 RETURNING count`,
);
const forget = statement(
  "audit_denials_forget",
  "WITH gone AS (DELETE FROM audit_denials WHERE minute < $1 RETURNING 1) SELECT count(*) AS gone FROM gone",
);

/** Counts a denial. The first of a minute, a principal and an operation is an AuditEvent; the others cost one small update. */
export async function recordDenial(db: Db, denial: Denial): Promise<void> {
  const at = denial.at ?? new Date();
  const minute = new Date(Math.floor(at.getTime() / minuteMs) * minuteMs);
  const key = [chainOf(denial.workspace_id), storable(denial.actor.id), denial.operation, minute];
  if (await db.one(countAgain, key)) return;
  await db.transaction(async (tx) => {
    const counted = await tx.one<{ count: number }>(countFirst, key);
    if (counted?.count !== 1) return;
    await appendAudit(tx, {
      workspace_id: denial.workspace_id,
      actor: denial.actor,
      action: "access.denied",
      target: { type: "operation", id: denial.operation },
      metadata: denial.metadata ?? {},
      request_id: denial.request_id ?? null,
      address: denial.address ?? null,
      user_agent: denial.user_agent ?? null,
      created_at: at,
    });
  });
}

/** Forgets the counts of minutes before this one (their events stay); says how many. */
export const forgetDenials = async (db: Db, before: Date): Promise<number> => (await db.one<{ gone: number }>(forget, [before]))?.gone ?? 0;
