// Cuts runners, replicas and the database off from each other, and counts what got through: node tooling/chaos/src/partition.ts
import { lateWrites } from "./partition/late-writes.ts";
import { replicas } from "./partition/replicas.ts";
import { type Away, apiRestarted, databaseAway } from "./partition/restarts.ts";
import { stoppedRunner } from "./partition/stopped-runner.ts";
import { Counts } from "./world/counts.ts";
import { Witness } from "./world/witness.ts";
import { openWorld, type World, type WorldOptions } from "./world/world.ts";

const none = [
  "steps that did not come to their end",
  "late writes answered otherwise",
  "events lost or doubled",
  "calls that waited too long for the database",
];
interface Lengths {
  /** How long the database is away, and how long a call waits for it. */
  readonly awayMs: number;
  readonly waitSeconds: number;
}

/** Every partition once; the database goes away in each of `ways`. `say` hears of each. */
export async function partition(
  { awayMs, waitSeconds }: Lengths,
  ways: readonly Away["how"][],
  say: (line: string) => void = () => {},
): Promise<Counts> {
  const counts = new Counts("partitions", none);
  const witness = await new Witness().open();
  const away = { ms: awayMs, waitMs: waitSeconds * 1_000 };
  const scenarios: readonly [string, WorldOptions, ((world: World) => Promise<void>)[]][] = [
    ["protocol clients", { apis: 2, runners: 0 }, [(world) => replicas(world, counts), (world) => lateWrites(world, counts)]],
    ["two runners, one stopped", { runners: 2 }, [(world) => stoppedRunner(world, witness, counts)]],
    [
      "api and database away",
      { apiEnv: { TAKOSUMI_DATABASE_WAIT_SECONDS: String(waitSeconds) } },
      [
        (world) => apiRestarted(world, witness, counts),
        ...ways.map((how) => (world: World) => databaseAway(world, witness, counts, { ...away, how })),
      ],
    ],
  ];
  try {
    for (const [name, options, steps] of scenarios) {
      const world = await openWorld(options);
      try {
        for (const step of steps) {
          await step(world).catch((error: unknown) => counts.wrong("steps that did not come to their end", `${name}: ${error}`));
          say(`${name}: ${counts.problems.length} problems`);
        }
      } finally {
        await world.close();
      }
    }
  } finally {
    await witness.close();
  }
  return counts;
}

if (import.meta.main) (await partition({ awayMs: 30_000, waitSeconds: 10 }, ["killed", "stopped"], console.log)).report();
