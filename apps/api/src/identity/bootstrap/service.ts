import { newId, prefixes } from "@takosumi/contracts/ids";
import { type AuditInput, appendAuditAll } from "@takosumi/db/audit";
import type { Db, Tx } from "@takosumi/db/db";
import { hashToken } from "@takosumi/keyring/tokens";
import { readSetting, writeSetting } from "../../instance/repository.ts";
import { systemActor as actor } from "../../pipeline/actor.ts";
import {
  findOwner,
  findPat,
  findRunnerTokenId,
  hasUsers,
  insertBootstrapPat,
  insertFirstOwner,
  insertRunnerToken,
  lockBootstrap,
  type Owner,
  removePat,
  reviveRunnerToken,
  revokeRunnerToken,
} from "./repository.ts";

export interface Bootstrap {
  readonly bootstrapToken: string | undefined;
  readonly runnerToken: string | undefined;
}
export interface Bootstrapped {
  /** This start made the first owner. */
  readonly first: boolean;
  /** The bootstrap token was revoked by somebody, and stays so. */
  readonly tokenRevoked: boolean;
}

const username = "owner";
const pool = "default";
/** Which tokens came from the environment, so that another one there takes their place. */
const settings = { token: "bootstrap_token_id", runner: "runner_token_id" } as const;

/** The first owner of an empty database, and the tokens of the environment: in one transaction, and once however many processes start. */
export const bootstrap = (db: Db, { bootstrapToken, runnerToken }: Bootstrap): Promise<Bootstrapped> =>
  db.transaction(async (tx) => {
    await lockBootstrap(tx);
    const events: AuditInput[] = [];
    const first = !(await hasUsers(tx));
    const owner = first ? await makeOwner(tx, events) : await findOwner(tx);
    const tokenRevoked = owner !== null && bootstrapToken !== undefined && !(await takeToken(tx, owner, bootstrapToken, events));
    if (runnerToken !== undefined) await takeRunnerToken(tx, runnerToken, events);
    await appendAuditAll(tx, events);
    return { first, tokenRevoked };
  });

async function makeOwner(tx: Tx, events: AuditInput[]): Promise<Owner> {
  const owner = { user_id: newId(prefixes.user), workspace_id: newId(prefixes.workspace) };
  await insertFirstOwner(tx, owner, username, "Owner");
  const { workspace_id } = owner;
  events.push(
    {
      workspace_id,
      actor,
      action: "user.created",
      target: { type: "user", id: owner.user_id },
      metadata: { username, is_instance_admin: true },
    },
    {
      workspace_id,
      actor,
      action: "workspace.created",
      target: { type: "workspace", id: workspace_id },
      metadata: { kind: "personal", slug: username },
    },
  );
  return owner;
}

/** False where the token was revoked by somebody: the environment does not undo that. */
async function takeToken(tx: Tx, { user_id, workspace_id }: Owner, token: string, events: AuditInput[]): Promise<boolean> {
  const hash = hashToken(token);
  const known = await findPat(tx, hash);
  if (known) return !known.revoked;
  const id = newId(prefixes.token);
  const before = await readSetting(tx, settings.token);
  if (before !== null) await removePat(tx, before);
  await insertBootstrapPat(tx, id, user_id, hash);
  await writeSetting(tx, settings.token, id);
  const metadata = { name: "bootstrap", ...(before !== null && { replaces: before }) };
  events.push({ workspace_id, actor, action: "token.created", target: { type: "token", id }, metadata });
  return true;
}

async function takeRunnerToken(tx: Tx, token: string, events: AuditInput[]): Promise<void> {
  const hash = hashToken(token);
  const before = await readSetting(tx, settings.runner);
  const known = await findRunnerTokenId(tx, hash);
  if (known !== null && known === before) return;
  const id = known ?? newId(prefixes.runner_token);
  if (before !== null) await revokeRunnerToken(tx, before);
  if (known === null) await insertRunnerToken(tx, id, pool, hash);
  else await reviveRunnerToken(tx, id);
  await writeSetting(tx, settings.runner, id);
  const metadata = { pool, ...(before !== null && { replaces: before }) };
  events.push({ workspace_id: null, actor, action: "runner_token.created", target: { type: "runner_token", id }, metadata });
}
