import { recordDenial } from "@takosumi/db/audit-denials";
import type { Denial } from "@takosumi/transport/application";
import type { Resources } from "../resources.ts";
import { actorOf } from "./actor.ts";

/** Counts a refusal. The refusal itself stands whether or not it could be counted. */
export async function denied({ db, log }: Pick<Resources, "db" | "log">, denial: Denial): Promise<void> {
  const { operation, request_id, principal, address, user_agent, workspace_id, code, permission, about } = denial;
  try {
    const metadata = { code, ...about, ...(permission && { permission }), ...(principal?.token_id && { token_id: principal.token_id }) };
    await recordDenial(db, { workspace_id, actor: actorOf(principal), operation, metadata, request_id, address, user_agent });
  } catch (err) {
    log.warn({ err, request_id, operation }, "a refusal could not be recorded");
  }
}
