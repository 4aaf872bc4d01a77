import type { Queries } from "@takosumi/db/db";
import { gathered } from "@takosumi/db/gathered";
import type { SessionRow } from "@takosumi/db/rows";
import { statement } from "@takosumi/db/sql";
import type { Db, Locator, Tx } from "../../world.ts";

export interface SessionHolder {
  readonly session_id: string;
  readonly kind: SessionRow["kind"];
  readonly expires_at: Date;
  readonly over: boolean;
  /** Seconds since its last use was noted. */
  readonly unused_for: number;
  readonly user_id: string;
  readonly user_name: string;
}
/** Two index look-ups: the session by its hash, its user by their key. */
export const findSession = gathered<SessionHolder>(
  "session_holder",
  `SELECT s.id AS session_id, s.kind, s.expires_at, (s.revoked_at IS NOT NULL OR s.expires_at <= now()) AS over,
          extract(epoch FROM now() - s.last_used_at)::float8 AS unused_for, u.id AS user_id, u.name AS user_name
     FROM sessions s JOIN users u ON u.id = s.user_id WHERE s.token_hash = asked.key`,
);

/** Of several requests at once, one writes. */
const used = statement(
  "session_used",
  "UPDATE sessions SET last_used_at = now() WHERE id = $1 AND last_used_at <= now() - interval '1 minute'",
);
export const noteSessionUse = (db: Db, id: string) => db.query(used, [id]);

/** With the id of the person's own space: where events of the account are recorded. */
export type OwnSession = Omit<SessionRow, "token_hash"> & { readonly workspace_id: string };
const columns = `s.id, s.user_id, s.kind, s.method, s.address, s.user_agent, s.created_at, s.last_used_at, s.expires_at, s.revoked_at, w.id AS workspace_id`;
const own = "JOIN workspaces w ON w.owner_id = s.user_id AND w.kind = 'personal'";
const open = `FROM sessions s ${own} WHERE s.user_id = $1 AND s.revoked_at IS NULL AND s.expires_at > now()`;

const find = statement("session_locate", `SELECT ${columns} ${open} AND s.id = $2`);
export const locateSession: Locator<"session"> = async (db, id, reader) => {
  if (id === undefined || !reader) return null;
  const row = await db.one<OwnSession>(find, [reader.id, id]);
  return row && { row, role: "owner", workspace_id: row.workspace_id };
};

// Plan: sessions_user_id_idx, backwards from the cursor.
const page = statement("sessions_page", `SELECT ${columns} ${open} AND ($2::text IS NULL OR s.id < $2) ORDER BY s.id DESC LIMIT $3`);
export const listSessions = (db: Db, userId: string, after: string | null, take: number): Promise<OwnSession[]> =>
  db.query<OwnSession>(page, [userId, after, take]);

export type NewSession = Pick<SessionRow, "id" | "user_id" | "kind" | "method" | "token_hash" | "address" | "user_agent" | "expires_at">;
const insert = statement(
  "session_insert",
  `WITH s AS (INSERT INTO sessions (id, user_id, kind, method, token_hash, address, user_agent, expires_at)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8) RETURNING *)
   SELECT ${columns} FROM s ${own}`,
);
export const insertSession = async (tx: Tx, row: NewSession): Promise<OwnSession> =>
  (await tx.one<OwnSession>(insert, [
    row.id,
    row.user_id,
    row.kind,
    row.method,
    row.token_hash,
    row.address,
    row.user_agent,
    row.expires_at,
  ])) as OwnSession;

const newPlace = statement(
  "session_new_place",
  `SELECT EXISTS (SELECT FROM sessions WHERE user_id = $1) AND NOT EXISTS
     (SELECT FROM sessions WHERE user_id = $1 AND address IS NOT DISTINCT FROM $2 AND user_agent IS NOT DISTINCT FROM $3) AS is_new`,
);
/** Whether somebody who had sessions before begins one from another address or browser. */
export const isNewPlace = async (tx: Tx, { user_id, address, user_agent }: NewSession): Promise<boolean> =>
  (await tx.one<{ is_new: boolean }>(newPlace, [user_id, address, user_agent]))?.is_new === true;

const end = statement(
  "session_end",
  `WITH s AS (UPDATE sessions SET revoked_at = coalesce(revoked_at, now()) WHERE id = $1 RETURNING *) SELECT ${columns} FROM s ${own}`,
);
export const endSession = (tx: Tx, id: string): Promise<OwnSession | null> => tx.one<OwnSession>(end, [id]);

const endOld = statement(
  "sessions_end_old_external",
  `UPDATE sessions SET revoked_at = now() WHERE revoked_at IS NULL AND id IN
     (SELECT id FROM sessions WHERE user_id = $1 AND kind = 'external' AND revoked_at IS NULL AND expires_at > now() ORDER BY id DESC OFFSET $2 LIMIT 100)`,
);
/** All but so many of the newest that other services hold. */
export const endOldExternal = (tx: Tx, userId: string, kept: number) => tx.query(endOld, [userId, kept]);

const endOthers = statement(
  "sessions_end_others",
  `WITH gone AS (UPDATE sessions SET revoked_at = now() WHERE user_id = $1 AND id <> $2 AND revoked_at IS NULL AND expires_at > now() RETURNING 1),
        codes AS (UPDATE sign_in_codes SET used_at = now() WHERE user_id = $1 AND used_at IS NULL)
   SELECT count(*) AS ended FROM gone`,
);
/** How many there were. A code that one of them made, or that lies in a mail, opens no new one. */
export const endOtherSessions = async (tx: Queries, userId: string, but: string): Promise<number> =>
  (await tx.one<{ ended: number }>(endOthers, [userId, but]))?.ended ?? 0;
