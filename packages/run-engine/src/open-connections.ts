import type { Db } from "@takosumi/db/db";
import type { RunRow } from "@takosumi/db/rows";
import type { Keyring } from "@takosumi/keyring/envelope";
import { SealError } from "@takosumi/keyring/seal-error";
import { checkMaterial } from "@takosumi/recipes/check";
import type { Opened } from "@takosumi/recipes/compose";
import type { Phase } from "@takosumi/recipes/define";
import { exchange } from "@takosumi/recipes/exchange";
import { ExchangeError } from "@takosumi/recipes/exchange-error";
import { recipeOf } from "@takosumi/recipes/registry";
import { openMaterial } from "./connection-material.ts";
import { modeOf } from "./connection-reading.ts";
import { connectionSecrets, type KnownConnection, type SealedField } from "./queries/connections.ts";
import type { EngineSettings } from "./settings.ts";
import { unavailable } from "./unavailable.ts";

export interface Asked {
  readonly phase: Phase;
  /** To hide in a log what is in use already: then only the very same values are of any good. */
  readonly purpose: "inject" | "redact";
}
interface Resources {
  readonly db: Db;
  readonly keyring: Keyring;
  readonly settings: EngineSettings;
}

/** How long all exchanges of a call take at most; they go on beside each other. */
const patienceMs = 15_000;

/** The contents of every connection by id, exchanged where its mode says so. PRECONDITION_FAILED where one gives nothing. */
export async function openConnections(
  { db, keyring, settings }: Resources,
  run: RunRow,
  connections: readonly KnownConnection[],
  { phase, purpose }: Asked,
  signal: AbortSignal,
): Promise<Map<string, Opened>> {
  const ids = connections.map(({ id }) => id);
  const secrets = ids.length > 0 ? await db.query<SealedField>(connectionSecrets, [run.workspace_id, ids]) : [];
  const options = { phase, session: run.id, stsEndpoint: settings.stsEndpoint, signal, patienceMs };
  const open = async (connection: KnownConnection): Promise<readonly [string, Opened]> => {
    const { id: connection_id, name, recipe_id, recipe_mode } = connection;
    const mode = modeOf(recipeOf(recipe_id), recipe_mode);
    if (!mode) throw new Error(`The connection ${connection_id} has no mode`);
    if (purpose === "redact" && (mode.exchange || rotatedSince(run, connection, secrets)))
      throw unavailable(`What the connection ${name} gave when Run ${run.id} began is not known any more`, {
        reason: "changed",
        connection_id,
      });
    const given = await openMaterial(keyring, connection, secrets).catch((error: unknown) => {
      if (!(error instanceof SealError)) throw error;
      throw unavailable(`What is stored of the connection ${name} does not open: it was moved or changed. Set its values anew`, {
        reason: "connection_unavailable",
        connection_id,
      });
    });
    const [fault] = checkMaterial(mode, given);
    if (fault) {
      const where = fault.path.slice(1).join(".");
      throw unavailable(`The connection ${name} cannot be used: ${where} ${fault.message}`, {
        reason: "connection_unavailable",
        connection_id,
      });
    }
    const { given: fresh } = await exchange(mode, given, options).catch((error: unknown) => {
      if (!(error instanceof ExchangeError)) throw error;
      const { reason: because, code } = error;
      throw unavailable(`The connection ${name}: ${error.message}`, { reason: "exchange_failed", connection_id, because, code });
    });
    return [connection_id, { mode, given: fresh }];
  };
  return new Map(await Promise.all(connections.map(open)));
}

const rotatedSince = ({ started_at }: RunRow, { id, rotated_at }: KnownConnection, secrets: readonly SealedField[]): boolean =>
  [rotated_at, ...secrets.filter(({ connection_id }) => connection_id === id).map(({ updated_at }) => updated_at)].some(
    (at) => started_at === null || at > started_at,
  );
