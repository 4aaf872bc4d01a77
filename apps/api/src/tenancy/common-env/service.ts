import { ApiError } from "@takosumi/contracts/errors";
import type { CommonEnvRow } from "@takosumi/db/rows";
import type { Keyring } from "@takosumi/keyring/envelope";
import { commonEnvPlace } from "@takosumi/run-engine/common-env";
import type { Engine } from "@takosumi/run-engine/engine";
import type { Db, Tx } from "../../world.ts";
import * as rows from "./repository.ts";

export const mostVariables = 200;
const page = 200;
const hidden = "********";
type Needs = { readonly db: Db; readonly keyring: Keyring };

const openValue = async (keyring: Keyring, { workspace_id, name, sealed }: CommonEnvRow): Promise<string> =>
  (await keyring.open(commonEnvPlace(workspace_id, name), sealed)).toString("utf8");

/** By name; what is secret shows no value. */
export async function shownEnv({ db, keyring }: Needs, workspaceId: string) {
  const found = await rows.listCommonEnv(db, workspaceId, mostVariables);
  return Promise.all(
    found.map(async (row) => ({
      name: row.name,
      secret: row.secret,
      value: row.secret ? hidden : await openValue(keyring, row),
      updatedAt: row.updated_at.toISOString(),
    })),
  );
}

export interface PreparedVariable {
  readonly row: Omit<CommonEnvRow, "updated_at">;
  /** What it was when it was looked at, where it is the same. */
  readonly same: CommonEnvRow | null;
}
/** Sealed before the transaction. */
export async function prepareVariable(
  { db, keyring }: Needs,
  workspaceId: string,
  { name, value, secret }: { readonly name: string; readonly value: string; readonly secret: boolean },
): Promise<PreparedVariable> {
  const before = await rows.readCommonEnv(db, workspaceId, name);
  const same = before !== null && before.secret === secret && (await openValue(keyring, before)) === value;
  const sealed = await keyring.seal(commonEnvPlace(workspaceId, name), value);
  return { row: { workspace_id: workspaceId, name, secret, sealed }, same: same ? before : null };
}

type Staling = Pick<Engine, "staleOnConfigChange">;
/** Sets it; `changed` says whether it was something else before. */
export async function setVariable(tx: Tx, engine: Staling, { row, same }: PreparedVariable) {
  const { workspace_id, name } = row;
  const now = same && (await rows.readCommonEnv(tx, workspace_id, name));
  if (now && now.sealed === same.sealed) return { ...now, id: name, changed: false };
  if ((await rows.countOthers(tx, workspace_id, name)) >= mostVariables)
    throw new ApiError("CONFLICT", `The space has ${mostVariables} variables, as many as one may have`, { reason: "limit" });
  const put = await rows.putCommonEnv(tx, row);
  await makeStale(tx, engine, workspace_id, name);
  return { ...put, id: name, changed: true };
}

export async function removeVariable(tx: Tx, engine: Staling, workspaceId: string, given: string) {
  const name = given.toUpperCase();
  const removed = await rows.deleteCommonEnv(tx, workspaceId, name);
  const message = "There is no such variable";
  if (!removed) throw new ApiError("NOT_FOUND", message, { fields: [{ path: "name", message }] });
  await makeStale(tx, engine, workspaceId, name);
  return { ...removed, id: name };
}

/** What was planned with another value is no plan any more. */
async function makeStale(tx: Tx, engine: Staling, workspaceId: string, name: string): Promise<void> {
  await rows.raiseRevisions(tx, workspaceId, name);
  for (let after = ""; ; ) {
    const waiting = await rows.capsulesWaiting(tx, workspaceId, name, after, page);
    for (const capsule of waiting) await engine.staleOnConfigChange(tx, capsule);
    if (waiting.length < page) return;
    after = waiting.at(-1)?.id ?? after;
  }
}
