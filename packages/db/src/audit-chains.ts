import type { Queries } from "./db.ts";
import { statement } from "./sql.ts";

const chains = statement("audit_chain_ids", "SELECT id FROM audit_chains UNION SELECT chain_id FROM audit_events ORDER BY 1");
/** Every chain that has a head or an event. */
export const auditChains = async (db: Queries): Promise<string[]> => (await db.query<{ id: string }>(chains)).map(({ id }) => id);
