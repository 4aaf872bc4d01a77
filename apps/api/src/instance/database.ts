import { StartError } from "@takosumi/contracts/instance/start-errors";
import type { AuditHead } from "@takosumi/db/audit";
import { type Db, openDb } from "@takosumi/db/db";
import { DatabaseUnavailable } from "@takosumi/db/errors";
import { MigrationError, migrate } from "@takosumi/db/migrate";
import type { Env } from "../env.ts";
import type { Log } from "../logger.ts";

/** Migrates, opens, and pays for Prisma's first query before anybody waits for it. */
export async function openDatabase(env: Env, log: Log, onAuditHead: (head: AuditHead) => void): Promise<Db> {
  const url = env.DATABASE_URL;
  try {
    const { applied, total } = await migrate(url);
    log.info({ applied, total }, "migrations");
    const db = await openDb({
      url,
      poolSize: env.TAKOSUMI_DATABASE_POOL,
      waitMs: env.TAKOSUMI_DATABASE_WAIT_SECONDS * 1_000,
      applicationName: "takosumi api",
      onAuditHead,
      onError: (err) => log.error({ err }, "an effect after a commit failed"),
    });
    await db.prisma.workspaces.findFirst({ select: { id: true } });
    return db;
  } catch (error) {
    throw startError(error, url);
  }
}

function startError(error: unknown, url: string): unknown {
  const { message, code = "", cause } = error as { message: string; code?: string; cause?: { message?: string; code?: string } };
  if (error instanceof MigrationError) return /newer version/.test(message) ? new StartError("newer_data", message) : error;
  if (error instanceof DatabaseUnavailable) return unreachable(url, cause?.code ?? cause?.message ?? message);
  // Wrong password, no such role, no such database: the server is there and refuses.
  return /^(?:28|3D)/.test(code) ? unreachable(url, `${code}: ${message}`) : error;
}

const unreachable = (url: string, why: string) =>
  new StartError(
    "database_unreachable",
    `The database at ${placeOf(url)} cannot be reached (${why}): check DATABASE_URL, and that PostgreSQL runs`,
  );

/** Host and database, without user and password. */
function placeOf(url: string): string {
  if (!URL.canParse(url)) return "DATABASE_URL";
  const { host, pathname, searchParams } = new URL(url);
  return `${host || searchParams.get("host") || "localhost"}${pathname}`;
}
