import { posix } from "node:path";
import type { CapsuleRow, RunRow } from "@takosumi/db/rows";

type GitSource = Extract<CapsuleRow["source"], { kind: "git" }>;

/** What a Run is to fetch; null where its source is there already. The commit is what the runner finds. */
export function gitSourceOf({ source }: Pick<CapsuleRow, "source">): RunRow["git_source"] {
  if (source.kind !== "git") return null;
  const { url, ref, path, known_hosts } = source;
  return { url, ref, path, known_hosts };
}

/** The module's folder in the snapshot, which is the whole repository: below `path`, so that `../modules` works. */
export const modulePathOf = ({ source, module_path }: Pick<CapsuleRow, "source" | "module_path">): string =>
  source.kind === "git" ? posix.join(source.path ?? ".", module_path) : module_path;

const same = (a: GitSource, b: NonNullable<RunRow["git_source"]>): boolean => a.url === b.url && a.ref === b.ref;

/** The snapshot that a retry of `run` is planned from: the very commit, as long as the Capsule means the same ref of the same repository. */
export const snapshotAgain = (
  { source }: Pick<CapsuleRow, "source">,
  run: Pick<RunRow, "git_source" | "source_snapshot_id">,
): string | null => (source.kind === "git" && run.git_source !== null && same(source, run.git_source) ? run.source_snapshot_id : null);
