import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { flip, type Mutation, type Part, rewrite, type Target } from "./mutation.ts";

type Kind = "plan" | "work" | "source" | "state";
const parts: readonly [Part, Kind][] = [
  ["plan file", "plan"],
  ["source snapshot", "work"],
  ["source snapshot", "source"],
  ["state", "state"],
];

const digestIn: Readonly<Record<Kind, string>> = {
  plan: "SELECT plan_digest AS digest FROM runs WHERE id = $1",
  work: "SELECT work_digest AS digest FROM runs WHERE id = $1",
  source: "SELECT s.digest FROM runs r JOIN source_snapshots s ON s.id = r.source_snapshot_id WHERE r.id = $1",
  state: "SELECT s.digest FROM runs r JOIN state_versions s ON s.id = r.base_state_version_id WHERE r.id = $1",
};

/** Where a blob of a Run lies. */
async function pathOf({ ground }: Target, kind: Kind, run: string): Promise<string> {
  const [row] = await ground.database.rows<{ digest: string }>(digestIn[kind], [run]);
  const hex = (row?.digest ?? "").replace("sha256:", "");
  return join(ground.blobs, ground.workspace, kind, hex.slice(0, 2), hex);
}

/** Stored bytes are sealed, but one sealed blob opens where another of its kind lay: the donor's stands in for what somebody forged. */
export const atBlobs: readonly Mutation[] = parts.flatMap(([part, kind]) => [
  { part, where: "blob" as const, how: `${kind}: a bit`, inflict: async (of) => flip(await pathOf(of, kind, of.plan), of.random) },
  {
    part,
    where: "blob" as const,
    how: `${kind}: cut`,
    inflict: async (of) => rewrite(await pathOf(of, kind, of.plan), (bytes) => bytes.subarray(0, of.random.between(0, bytes.length))),
  },
  {
    part,
    where: "blob" as const,
    how: `${kind}: another's sealed bytes`,
    inflict: async (of) => {
      const other = await readFile(await pathOf(of, kind, of.ground.donor.plan));
      return rewrite(await pathOf(of, kind, of.plan), () => other);
    },
  },
]);
