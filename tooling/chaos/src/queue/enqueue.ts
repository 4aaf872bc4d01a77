import type { World } from "../world/world.ts";

const atOnce = 8;

/** Queues a plan of each of these Capsules, in about this order. */
export async function enqueue({ user }: World, capsules: readonly string[], say: (line: string) => void): Promise<void> {
  const left = capsules.values();
  const begun = performance.now();
  const one = async () => {
    for (const capsule_id of left) await user.ok("POST", "/api/runs", { kind: "plan", capsule_id });
  };
  await Promise.all(Array.from({ length: atOnce }, one));
  say(`queued ${capsules.length} in ${((performance.now() - begun) / 1_000).toFixed(0)} s`);
}
