import type { Actor } from "@takosumi/contracts/deploy/run";
import { ApiError } from "@takosumi/contracts/errors";
import type { Queries, Tx } from "@takosumi/db/db";
import type { CapsuleRow, StateVersionRow } from "@takosumi/db/rows";
import { stateLimit, stateOf } from "./artifacts.ts";
import { conflict, heldBy } from "./conflicts.ts";
import { holdCapsule, stateOfCapsule, stateVersion } from "./queries/snapshot.ts";
import { type NewState, recordState } from "./record-state.ts";
import type { EngineResources } from "./resources.ts";
import { shownOutputs } from "./shown-outputs.ts";
import { withSerial } from "./state-serial.ts";

/** The state that the caller believes to be the current one; null: that there is none. */
export type ExpectedState = Pick<StateVersionRow, "lineage" | "serial" | "digest"> | null;
export interface Bringing {
  readonly capsule: CapsuleRow;
  readonly actor: Actor;
  readonly expected: ExpectedState;
}
/** A state whose bytes are stored, to be recorded where the current one is still the expected one. */
export interface BroughtState {
  readonly state: Omit<NewState, "previous_id">;
  readonly expected: ExpectedState;
  readonly actor: Actor;
}

/** Bytes from elsewhere. 400 for what is no readable state, 409 for a lost race, 412 for another lineage or a serial that is not higher. */
export async function prepareImport(
  resources: EngineResources,
  { capsule, actor, expected }: Bringing,
  bytes: Buffer,
): Promise<BroughtState> {
  const { lineage, serial, encrypted, resource_count, outputs } = stateOf(bytes);
  if (encrypted)
    throw invalid(
      "is encrypted by the module: its resources cannot be read here. Bring it decrypted (tofu state pull without the encryption block)",
    );
  const current = await expectedNow(resources.db, capsule, expected);
  if (current && current.lineage !== lineage)
    throw new ApiError(
      "PRECONDITION_FAILED",
      `The Capsule's state has the lineage ${current.lineage}, these bytes have ${lineage}: they are the state of something else. Import them into a Capsule of their own`,
      { reason: "lineage", current: shownState(current) },
    );
  if (current && serial <= current.serial)
    throw new ApiError(
      "PRECONDITION_FAILED",
      `The serial ${serial} of these bytes is not above the recorded ${current.serial}: they are older. Raise it to ${current.serial + 1} if they are what you mean`,
      { reason: "serial", current: shownState(current) },
    );
  const stored = await resources.blobs.put({ workspace: capsule.workspace_id, kind: "state" }, bytes);
  const shown = await shownOutputs(resources, capsule.id, outputs);
  return brought({ capsule, actor, expected }, { ...stored, lineage, serial, resource_count, outputs: shown, origin: "import" });
}

/** An earlier version once more, under the next serial. */
export async function prepareRollback(
  resources: EngineResources,
  { capsule, actor, expected }: Bringing,
  to: string,
): Promise<BroughtState> {
  const earlier = await resources.db.one<StateVersionRow>(stateOfCapsule, [capsule.id, to]);
  if (!earlier) {
    const message = "There is no such state version";
    throw new ApiError("NOT_FOUND", message, { fields: [{ path: "rollback_to", message }] });
  }
  const current = await expectedNow(resources.db, capsule, expected);
  if (!current || current.id === earlier.id)
    throw conflict(`State version ${to} is the current one already`, { reason: "already_current" });
  const place = { workspace: capsule.workspace_id, kind: "state" } as const;
  const bytes = await resources.blobs.read({ ...place, digest: earlier.digest }, { limit: stateLimit });
  // The serial of an encrypted state stands in its sealed part as well: its bytes stay as they are.
  const { encrypted } = stateOf(bytes);
  const serial = encrypted ? earlier.serial : current.serial + 1;
  const stored = await resources.blobs.put(place, encrypted ? bytes : withSerial(bytes, serial));
  const { lineage, resource_count } = earlier;
  const outputs = earlier.outputs as readonly object[];
  return brought(
    { capsule, actor, expected },
    { ...stored, lineage, serial, resource_count, outputs, origin: "rollback", rolled_back_to: to },
  );
}

/** Records it. 409 while a Run writes or a recovery is open, while somebody else holds the Capsule, and for a lost race. */
export async function recordBrought(tx: Tx, { state, expected, actor }: BroughtState): Promise<StateVersionRow> {
  const capsule = await tx.one<CapsuleRow>(holdCapsule, [state.capsule_id]);
  if (!capsule || capsule.deleted_at !== null) throw new ApiError("NOT_FOUND", "There is no such capsule");
  // Who locked the Capsule did it to work on its state.
  const own = capsule.lock_actor?.id === actor.id;
  const held = heldBy(own ? { ...capsule, lock_actor: null } : capsule, null);
  if (held) throw held;
  const current = await expectedNow(tx, capsule, expected);
  return recordState(tx, { ...state, previous_id: current?.id ?? null });
}

const brought = (
  { capsule, actor, expected }: Bringing,
  state: Pick<NewState, "digest" | "size_bytes" | "serial" | "lineage" | "resource_count" | "outputs" | "origin" | "rolled_back_to">,
): BroughtState => ({
  state: {
    ...state,
    workspace_id: capsule.workspace_id,
    capsule_id: capsule.id,
    run_id: null,
    tool: null,
    actor: { id: actor.id, name: actor.name },
  },
  expected,
  actor,
});

/** The current version, where it is the expected one. */
async function expectedNow(
  db: Queries,
  { current_state_version_id: id }: Pick<CapsuleRow, "current_state_version_id">,
  expected: ExpectedState,
): Promise<StateVersionRow | null> {
  const current = id === null ? null : await db.one<StateVersionRow>(stateVersion, [id]);
  const same =
    current === null || expected === null
      ? current === expected
      : current.lineage === expected.lineage && current.serial === expected.serial && current.digest === expected.digest;
  if (same) return current;
  const now = current ? `serial ${current.serial} of lineage ${current.lineage}, ${current.digest}` : "none";
  const meant = expected ? `serial ${expected.serial}` : "no state";
  throw conflict(
    `The current state is ${now}; you expected ${meant}. Look at it, then say it in expect_lineage, expect_serial and expect_digest`,
    {
      reason: "lost_race",
      current: current && shownState(current),
    },
  );
}

const shownState = ({ id, lineage, serial, digest }: StateVersionRow) => ({ id, lineage, serial, digest });
const invalid = (message: string) =>
  new ApiError("BAD_REQUEST", `state: ${message}`, { reason: "invalid", fields: [{ path: "state", message }] });
