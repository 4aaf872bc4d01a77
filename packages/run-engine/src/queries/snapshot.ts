import { statement } from "@takosumi/db/sql";

/** A source snapshot. $1 id. */
export const sourceSnapshot = statement("source_snapshot", `SELECT * FROM source_snapshots WHERE id = $1`);
/** A state version. $1 id. */
export const stateVersion = statement("state_version", `SELECT * FROM state_versions WHERE id = $1`);
/** A state version of a Capsule. $1 Capsule, $2 id. */
export const stateOfCapsule = statement("state_of_capsule", `SELECT * FROM state_versions WHERE id = $2 AND capsule_id = $1`);
/** A Capsule, held until the transaction ends: approve, complete and recover of one Capsule go one after the other. $1 id. */
export const holdCapsule = statement("hold_capsule", `SELECT * FROM capsules WHERE id = $1 FOR UPDATE`);
/** $1 id. */
export const capsuleById = statement("capsule_by_id", `SELECT * FROM capsules WHERE id = $1`);
/** The same, or LostRace where somebody else holds it: who holds a Run already does not wait for its Capsule, which others hold first. */
export const holdCapsuleNow = statement("hold_capsule_now", `SELECT * FROM capsules WHERE id = $1 FOR UPDATE NOWAIT`);
export const runById = statement("run_by_id", `SELECT * FROM runs WHERE id = $1`);
export const holdRun = statement("hold_run", `SELECT * FROM runs WHERE id = $1 FOR UPDATE`);
/** Secrets by id inside a Workspace. $1 workspace, $2 ids. */
export const secretsById = statement("secrets_by_id", `SELECT * FROM secrets WHERE workspace_id = $1 AND id = ANY ($2::text[])`);
