import type { Connection } from "@takosumi/contracts/deploy/connections";
import type { ConnectionRow } from "@takosumi/db/rows";
import { readingOf } from "@takosumi/run-engine/connection-reading";
import type { z } from "zod";
import type { Beside } from "./repository.ts";

const time = (at: Date | null): string | null => at?.toISOString() ?? null;

/** The only way out of a connection's row: names, and nothing that is sealed. */
export function shown(row: ConnectionRow, { secret_fields, expired, used, capsules }: Beside): z.infer<typeof Connection> {
  const { status, message, fields, env_names, file_env_names } = readingOf({ ...row, secret_fields, expired });
  return {
    id: row.id,
    workspace_id: row.workspace_id,
    name: row.name,
    provider: row.provider,
    recipe: { id: row.recipe_id, auth_mode: row.recipe_mode },
    status,
    status_message: message,
    fields: [...fields],
    env_names: [...env_names],
    file_env_names: [...file_env_names],
    used_by: { count: used, capsules: [...capsules] },
    expires_at: time(row.expires_at),
    created_at: row.created_at.toISOString(),
    updated_at: row.updated_at.toISOString(),
    rotated_at: row.rotated_at.toISOString(),
    revoked_at: time(row.revoked_at),
  };
}
