// Claims a second by the engine's statement against the bare SKIP LOCKED query on a table of the same columns and indexes, without
// fairness, limits, locks or log; sixteen connections, in turn:
// node tooling/chaos/src/claim-rate.ts [claims a round] [rounds]. Prints both and the median of the ratios, pair by pair.

import { claimRun } from "@takosumi/run-engine/queries/claim";
import { ProtocolRunner } from "@takosumi/testkit/held-run";
import pg from "pg";
import { enqueue } from "./queue/enqueue.ts";
import { capsulesInSpaces } from "./queue/workspaces.ts";
import { openWorld } from "./world/world.ts";

const [, , each = "200", rounds = "7"] = process.argv;
const [claims, pairs] = [Number(each), Number(rounds)];
const clients = 16;
const bare = {
  name: "bare_claim",
  text: `UPDATE bare_queue SET status = 'running', started_at = now(), lease_epoch = lease_epoch + 1, lease_expires_at = now() WHERE id =
           (SELECT id FROM bare_queue WHERE status = 'queued' ORDER BY queue_rank, id LIMIT 1 FOR UPDATE SKIP LOCKED) RETURNING *`,
};
const middle = (values: readonly number[]) => values.toSorted((a, b) => a - b)[values.length >> 1] ?? 0;

async function rate(connections: pg.Pool, query: pg.QueryConfig): Promise<number> {
  let left = claims;
  const one = async () => {
    while (left-- > 0) if ((await connections.query(query)).rows.length === 0) throw new Error("the queue is empty");
  };
  const begun = performance.now();
  await Promise.all(Array.from({ length: clients }, one));
  return (claims / (performance.now() - begun)) * 1_000;
}

const world = await openWorld({ runners: 0, apiEnv: { TAKOSUMI_RATE_LIMIT: "10000000" } });
const connections = new pg.Pool({ connectionString: world.database.url, max: clients });
try {
  const capsules = await capsulesInSpaces(world, 10);
  const queued = Array.from({ length: claims * (pairs + 1) }, (_, at) => capsules[at % capsules.length] as string);
  await enqueue(world, queued, console.log);
  const { id } = await ProtocolRunner.open(world.url(), world.runnerToken);
  await world.database.rows(`CREATE TABLE bare_queue (LIKE runs INCLUDING ALL)`);
  await world.database.rows(`INSERT INTO bare_queue SELECT * FROM runs`);
  await world.database.rows(`ANALYZE`);
  const [run] = await world.database.rows<{ pool: string }>(`SELECT pool FROM runs LIMIT 1`);
  const engine = { name: claimRun.name, text: claimRun.text, values: [run?.pool, id, 3_600, ["opentofu"], 1_000_000] };
  const measured: { engine: number; bare: number }[] = [];
  for (let pair = 0; pair <= pairs; pair++) measured.push({ engine: await rate(connections, engine), bare: await rate(connections, bare) });
  // The first warms both up.
  const told = measured.slice(1);
  const ratio = middle(told.map((one) => one.engine / one.bare));
  console.log(
    `engine ${middle(told.map((one) => one.engine)).toFixed(0)}/s, bare ${middle(told.map((one) => one.bare)).toFixed(0)}/s, ratio pair by pair ${ratio.toFixed(2)}`,
  );
} finally {
  await connections.end();
  await world.close();
}
