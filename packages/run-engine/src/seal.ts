import { dataKeyStore } from "@takosumi/db/data-keys";
import type { Queries } from "@takosumi/db/db";
import type { RunRow, SourceSnapshotRow } from "@takosumi/db/rows";
import type { Keyring } from "@takosumi/keyring/envelope";
import { writeKindOf } from "./create-write.ts";
import { sourceSnapshot } from "./queries/snapshot.ts";

/** The digests that were approved. Any of them different, and the plan is not the one that was reviewed. */
type Sealed = Pick<
  RunRow,
  | "id"
  | "workspace_id"
  | "capsule_id"
  | "mode"
  | "source_snapshot_id"
  | "module_path"
  | "config_revision"
  | "variable_set_digest"
  | "provider_bindings"
  | "base_state_version_id"
  | "base_lineage"
  | "base_serial"
  | "base_digest"
  | "plan_digest"
  | "work_digest"
  | "work_tree_digest"
  | "provider_lock_digest"
  | "tool_name"
  | "tool_version"
  | "tool_digest"
  | "destroys"
> & {
  /** Of the bytes of its source snapshot. */
  readonly source_digest: string | null;
};

const place = ({ workspace_id, id }: Pick<Sealed, "workspace_id" | "id">) =>
  ({ table: "runs", workspace: workspace_id, row: id, field: "seal" }) as const;

/** One text a set of facts: the names fixed and in order, so that nothing can stand for something else. */
const factsOf = (run: Sealed): string =>
  JSON.stringify([
    "seal-2",
    run.capsule_id,
    run.mode,
    run.source_snapshot_id,
    run.source_digest,
    run.module_path,
    run.config_revision,
    run.variable_set_digest,
    run.provider_bindings.map(bindingOf),
    run.base_state_version_id,
    run.base_lineage,
    run.base_serial,
    run.base_digest,
    run.plan_digest,
    run.work_digest,
    run.work_tree_digest,
    run.provider_lock_digest,
    run.tool_name,
    run.tool_version,
    run.tool_digest,
    run.destroys,
  ]);

/** Rule 17: which connection by which recipe under which names, so that other credentials in it are no other plan. */
const bindingOf = ({
  provider,
  alias,
  connection_id,
  recipe,
  injected_by,
  env_names,
  file_env_names,
}: Sealed["provider_bindings"][number]) =>
  connection_id === null
    ? [provider, alias, null]
    : [provider, alias, connection_id, recipe?.id, recipe?.auth_mode, injected_by, env_names, file_env_names];

export const sealPlan = (keyring: Keyring, run: Sealed): Promise<string> => keyring.mac(place(run), factsOf(run));

/** Whether a plan is the one that was sealed, and the Run that executes it says the same of all that it took over from it. */
export async function sealHolds(db: Queries, keyring: Keyring, plan: RunRow, run: RunRow): Promise<boolean> {
  const { id, plan_digest, work_digest, work_tree_digest } = plan;
  if (run.kind !== writeKindOf(plan) || run.workspace_id !== plan.workspace_id) return false;
  const sealed = await withSource(db, plan);
  const same = { ...run, source_digest: sealed.source_digest, id, plan_digest, work_digest, work_tree_digest };
  return factsOf(same) === factsOf(sealed) && (await isSealed(db, keyring, sealed));
}

/** Whether a plan is the one that was sealed, with a key that still proves something. In a transaction, the key is looked up in it. */
export const isSealed = async (db: Queries, keyring: Keyring, plan: Sealed & Pick<RunRow, "seal">): Promise<boolean> =>
  plan.seal !== null && keyring.verifyMac(place(plan), factsOf(plan), plan.seal, dataKeyStore(db));

/** A plan and the digest of what its source is now. */
export async function withSource<P extends RunRow>(db: Queries, plan: P): Promise<P & Sealed> {
  const { source_snapshot_id: id } = plan;
  const source = id === null ? null : await db.one<SourceSnapshotRow>(sourceSnapshot, [id]);
  return { ...plan, source_digest: source?.digest ?? null };
}
