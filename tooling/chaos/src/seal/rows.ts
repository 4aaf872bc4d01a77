import type { Mutation, Part, Target, Undo } from "./mutation.ts";

type Which = "plan" | "apply" | "both";
const zeros = "'sha256:' || repeat('0', 64)";

/** Columns of a Run set to what stands in the donor's plan (`d`), or to something else: which part, on which rows, what. */
const ofRuns: readonly [Part, readonly Which[], string][] = [
  ["plan file", ["plan"], "plan_digest = d.plan_digest, plan_size_bytes = d.plan_size_bytes"],
  ["plan file", ["apply"], "plan_run_id = d.id"],
  [
    "plan file",
    ["plan"],
    "plan_digest = d.plan_digest, plan_size_bytes = d.plan_size_bytes, work_digest = d.work_digest, work_size_bytes = d.work_size_bytes, work_tree_digest = d.work_tree_digest, seal = d.seal",
  ],
  ["source snapshot", ["plan", "apply", "both"], "source_snapshot_id = d.source_snapshot_id"],
  ["source snapshot", ["apply", "both"], "module_path = 'other'"],
  ["source snapshot", ["plan"], "work_digest = d.work_digest, work_size_bytes = d.work_size_bytes, work_tree_digest = d.work_tree_digest"],
  ["lock file", ["plan", "apply", "both"], `provider_lock_digest = ${zeros}`],
  ["variable set", ["plan"], "variable_set = d.variable_set"],
  ["variable set", ["plan"], "variable_set = d.variable_set, variable_set_digest = d.variable_set_digest"],
  ["variable set", ["plan", "apply", "both"], "variable_set_digest = d.variable_set_digest"],
  ["binding set", ["plan", "apply", "both"], "provider_bindings = d.provider_bindings"],
  ["binding set", ["plan", "both"], `provider_bindings = jsonb_set(r.provider_bindings, '{0,env_names}', '["LD_PRELOAD"]')`],
  ["tool", ["plan", "apply", "both"], `tool_digest = ${zeros}`],
  ["tool", ["plan", "both"], "tool_version = '1.11.0'"],
  ["tool", ["both"], "tool_name = 'terraform'"],
  ["state", ["plan", "apply", "both"], "base_digest = (SELECT digest FROM state_versions WHERE id = $3)"],
  ["state", ["apply", "both"], "base_state_version_id = $3"],
  ["state", ["both"], "base_serial = r.base_serial - 1"],
  [
    "state",
    ["both"],
    "base_digest = (SELECT digest FROM state_versions WHERE id = $3), base_state_version_id = $3, base_serial = (SELECT serial FROM state_versions WHERE id = $3)",
  ],
];

const inRuns: readonly Mutation[] = ofRuns.flatMap(([part, rows, set]) =>
  rows.map((which) => ({ part, where: "row" as const, how: `${which}: ${set}`, inflict: (target) => setRuns(target, which, set) })),
);

async function setRuns({ ground, plan, apply }: Target, which: Which, set: string): Promise<Undo> {
  const ids = which === "both" ? [plan, apply] : [which === "plan" ? plan : apply];
  const { database, donor, forged } = ground;
  const found = await database.rows(
    `UPDATE runs r SET ${set} FROM runs d WHERE r.id = ANY ($1) AND d.id = $2 AND ($3::text IS NULL OR true) RETURNING r.id`,
    [ids, donor.plan, forged.version],
  );
  if (found.length !== ids.length) throw new Error(`changed ${found.length} rows of ${ids.length}`);
  // A Run that is over is looked at no more.
  return async () => {};
}

/** A row that other rounds need too: `set` finds it by $1, and what is set in $2. */
const kept = (
  part: Part,
  how: string,
  table: "source_snapshots" | "state_versions" | "connections",
  column: string,
  pair: (target: Target) => readonly [id: string, from: string] | Promise<readonly [id: string, from: string]>,
): Mutation => ({
  part,
  where: "row",
  how,
  inflict: async (target) => {
    const [id, from] = await pair(target);
    const { database } = target.ground;
    const before = await database.rows<{ value: string }>(`SELECT ${column} AS value FROM ${table} WHERE id = $1`, [id]);
    const changed = await database.rows(
      `UPDATE ${table} t SET ${column} = o.${column} FROM ${table} o WHERE t.id = $1 AND o.id = $2 AND t.${column} <> o.${column} RETURNING t.id`,
      [id, from],
    );
    if (changed.length !== 1) throw new Error(`${table}.${column} of ${id} did not change`);
    return async () => void (await database.rows(`UPDATE ${table} SET ${column} = $2 WHERE id = $1`, [id, before[0]?.value ?? null]));
  },
});

const named = async ({ ground, plan }: Target, column: "source_snapshot_id" | "base_state_version_id"): Promise<string> =>
  (await ground.database.rows<{ id: string }>(`SELECT ${column} AS id FROM runs WHERE id = $1`, [plan]))[0]?.id ?? "";

export const atRows: readonly Mutation[] = [
  ...inRuns,
  {
    part: "source snapshot",
    where: "row",
    how: "the snapshot names other bytes",
    inflict: async (target) => {
      const { database } = target.ground;
      const id = await named(target, "source_snapshot_id");
      const [before] = await database.rows<{ digest: string }>("SELECT digest FROM source_snapshots WHERE id = $1", [id]);
      const put = (digest: string) => database.rows("UPDATE source_snapshots SET digest = $2 WHERE id = $1", [id, digest]);
      await put(`sha256:${"0".repeat(64)}`);
      return async () => void (await put(before?.digest ?? ""));
    },
  },
  kept("state", "the version names other bytes of its serial", "state_versions", "digest", async (target) => [
    await named(target, "base_state_version_id"),
    target.ground.forged.version,
  ]),
  kept("binding set", "material of another connection", "connections", "sealed", ({ ground }) => [
    ground.connection,
    ground.donor.connection,
  ]),
  kept("binding set", "another recipe", "connections", "recipe_id", ({ ground }) => [ground.connection, ground.donor.elsewhere]),
];
