import type { Counts } from "../world/counts.ts";

const window = 100;

/**
 * Of any hundred claims in a row, how many each Workspace got that waited through all of them. `claimed`: Workspaces in the order of
 * their claims; `least`: what each of them must have got.
 */
export function judgeFairness(claimed: readonly string[], least: number, counts: Counts): void {
  const left = new Map<string, number>();
  for (const workspace of claimed) left.set(workspace, (left.get(workspace) ?? 0) + 1);
  const got = new Map<string, number>();
  let fewest = Number.POSITIVE_INFINITY;
  let windows = 0;
  for (const [at, workspace] of claimed.entries()) {
    left.set(workspace, (left.get(workspace) ?? 0) - 1);
    got.set(workspace, (got.get(workspace) ?? 0) + 1);
    const before = claimed[at - window];
    if (before !== undefined) got.set(before, (got.get(before) ?? 0) - 1);
    if (at < window - 1) continue;
    windows++;
    for (const [waiting, more] of left) {
      if (more === 0) continue;
      const share = got.get(waiting) ?? 0;
      fewest = Math.min(fewest, share);
      if (share < least)
        counts.wrong("Workspaces that waited and got too few of a hundred claims", `${waiting} got ${share} up to claim ${at}`);
    }
  }
  counts.note("hundreds of claims looked at", windows);
  counts.note("fewest that one got which waited", Number.isFinite(fewest) ? fewest : 0);
}
