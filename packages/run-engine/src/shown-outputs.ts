import type { StateFile } from "@takosumi/contracts/deploy/state-file";
import type { CapsuleRow } from "@takosumi/db/rows";
import { createRedactor } from "@takosumi/redact/redactor";
import { capsuleById } from "./queries/snapshot.ts";
import type { EngineResources } from "./resources.ts";
import { openVariables } from "./variables.ts";

/** Outputs of a state that no Run of ours reported: masked as always, and without the Secrets that the Capsule knows now. */
export async function shownOutputs(
  { db, keyring }: Pick<EngineResources, "db" | "keyring">,
  capsuleId: string,
  outputs: StateFile["outputs"],
): Promise<StateFile["outputs"]> {
  const capsule = await db.one<CapsuleRow>(capsuleById, [capsuleId]);
  if (!capsule) return [];
  const { set } = await openVariables({ db, keyring }, capsule, []);
  return createRedactor(set.secrets).json(outputs) as StateFile["outputs"];
}
