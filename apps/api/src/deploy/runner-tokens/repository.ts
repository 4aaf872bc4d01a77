import type { RunnerTokenRow } from "@takosumi/db/rows";
import { statement } from "@takosumi/db/sql";
import type { Db, Tx } from "../../world.ts";
import { locatorInPool } from "../runner-pools/repository.ts";

export const locateRunnerToken = locatorInPool("runner_token", "runner_tokens", "pool");

// Plan: runner_tokens_page_idx from the cursor on.
const page = statement("runner_tokens_page", "SELECT * FROM runner_tokens WHERE pool = $1 AND id > $2 ORDER BY id LIMIT $3");
export const listTokens = (db: Db, pool: string, after: string | null, take: number): Promise<RunnerTokenRow[]> =>
  db.query<RunnerTokenRow>(page, [pool, after ?? "", take]);

const insert = statement(
  "runner_token_insert",
  "INSERT INTO runner_tokens (id, pool, name, token_hash, created_by) VALUES ($1, $2, $3, $4, $5::jsonb) RETURNING *",
);
export const insertToken = async (
  tx: Tx,
  row: Pick<RunnerTokenRow, "id" | "pool" | "name" | "token_hash" | "created_by">,
): Promise<RunnerTokenRow> =>
  (await tx.one<RunnerTokenRow>(insert, [row.id, row.pool, row.name, row.token_hash, JSON.stringify(row.created_by)])) as RunnerTokenRow;

const revoke = statement(
  "runner_token_revoke",
  "UPDATE runner_tokens SET revoked_at = coalesce(revoked_at, now()) WHERE id = $1 RETURNING *",
);
/** Runners are registered under it, so that it is kept. One that was revoked stays so since then. */
export const revokeToken = async (tx: Tx, id: string): Promise<RunnerTokenRow> =>
  (await tx.one<RunnerTokenRow>(revoke, [id])) as RunnerTokenRow;
