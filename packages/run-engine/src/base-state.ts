import { createHash, randomUUID } from "node:crypto";
import { emptyState } from "@takosumi/contracts/runner/empty-state";
import type { Queries } from "@takosumi/db/db";
import type { CapsuleRow, StateVersionRow } from "@takosumi/db/rows";
import { stateVersion } from "./queries/snapshot.ts";

export interface Base {
  readonly base_state_version_id: string | null;
  readonly base_lineage: string;
  readonly base_serial: number;
  readonly base_digest: string;
}

export const digestOf = (bytes: string | Uint8Array): string => `sha256:${createHash("sha256").update(bytes).digest("hex")}`;

/** What a plan of this Capsule starts from: its current state, or an empty one whose lineage is minted here. */
export async function baseOf(db: Queries, { current_state_version_id: id }: Pick<CapsuleRow, "current_state_version_id">): Promise<Base> {
  if (id === null) {
    const lineage = randomUUID();
    return { base_state_version_id: null, base_lineage: lineage, base_serial: 0, base_digest: digestOf(emptyState(lineage)) };
  }
  const version = await db.one<StateVersionRow>(stateVersion, [id]);
  if (!version) throw new Error(`State version ${id} is gone`);
  return { base_state_version_id: id, base_lineage: version.lineage, base_serial: version.serial, base_digest: version.digest };
}
