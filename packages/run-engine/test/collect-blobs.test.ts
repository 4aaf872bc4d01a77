import { Readable } from "node:stream";
import { statement } from "@takosumi/db/sql";
import { afterAll, beforeAll, expect, test } from "vitest";
import { digestOf } from "../src/base-state.ts";
import { Collector } from "../src/collect-blobs.ts";
import { engineDefaults } from "../src/settings.ts";
import { openWorld, type World } from "./world.ts";

let world: World;
let close: () => Promise<void>;
beforeAll(async () => ({ world, close } = await openWorld()));
afterAll(() => close());

/** The storage and the database as they are two days after everything that is stored now. */
async function used() {
  const { db } = world;
  const blobs = { ...world.blobs, now: async () => new Date((await world.blobs.now()).getTime() + days) };
  await db.query(earlier);
  return { db, blobs, settings: { ...engineDefaults, unnamedSeconds: 24 * 3_600 } };
}
const days = 48 * 3_600_000;
const earlier = statement(
  "test_earlier",
  `UPDATE runs SET started_at = started_at - interval '2 days' WHERE status IN ('running', 'needs_recovery') AND started_at > now() - interval '1 hour'`,
);
const later = async () => new Collector().round(await used(), new AbortController().signal);
const has = (workspace: string, kind: "plan" | "work" | "state" | "source", digest: string | null) =>
  world.blobs.has({ workspace, kind, digest: digest ?? "" });
const stray = async (workspace: string, kind: "plan" | "state") =>
  (await world.blobs.put({ workspace, kind }, Buffer.from(`stray ${Math.random()}`))).digest;

test("what a row names stays, what none names goes once it is old", async () => {
  const capsule = await world.capsule();
  const { workspace_id: ws } = capsule;
  const planned = await world.planned(capsule);
  await world.approve(planned);
  const applied = await world.applied(await world.claimed(await world.runner()));
  const [plan, state] = [await stray(ws, "plan"), await stray(ws, "state")];
  const { db, blobs } = world;
  expect(await new Collector().round({ db, blobs, settings: engineDefaults }, new AbortController().signal)).toBe(0);
  expect(await later()).toBe(2);
  expect(await Promise.all([has(ws, "plan", plan), has(ws, "state", state)])).toEqual([false, false]);
  const version = await db.prisma.state_versions.findUniqueOrThrow({ where: { id: applied.state_version_id ?? "" } });
  const kept = [has(ws, "plan", planned.plan_digest), has(ws, "work", planned.work_digest), has(ws, "state", version.digest)];
  expect(await Promise.all(kept)).toEqual([true, true, true]);
});

test("the same bytes in another Workspace are another blob", async () => {
  const capsule = await world.capsule();
  const planned = await world.planned(capsule);
  const elsewhere = (await world.capsule()).workspace_id;
  const { digest } = await world.blobs.put({ workspace: elsewhere, kind: "plan" }, Buffer.from(`plan ${planned.id}`));
  expect(digest).toBe(planned.plan_digest);
  expect(await later()).toBe(1);
  expect(await has(elsewhere, "plan", digest)).toBe(false);
  expect(await has(capsule.workspace_id, "plan", digest)).toBe(true);
});

test("what a Run at work, or a lost one, has stored is not named yet, and stays", async () => {
  const capsule = await world.capsule();
  const { workspace_id: ws } = capsule;
  await world.approve(await world.planned(capsule));
  const lease = await world.claimed(await world.runner());
  const text = `state of ${lease.run_id}`;
  const { digest } = await world.engine.acceptArtifact(lease.held, "state", Readable.from([text]), digestOf(text));
  expect(await later()).toBe(0);
  await world.db.prisma.runs.update({ where: { id: lease.run_id }, data: { status: "needs_recovery" } });
  expect(await later()).toBe(0);
  await world.db.prisma.runs.update({ where: { id: lease.run_id }, data: { status: "running" } });
  await world.failed(lease);
  expect(await later()).toBe(1);
  expect(await has(ws, "state", digest)).toBe(false);
});

test("a round that was cut off goes on where it was", async () => {
  const { workspace_id: ws } = await world.capsule();
  await Promise.all(Array.from({ length: 5 }, () => stray(ws, "plan")));
  const { db, blobs, settings } = await used();
  const collector = new Collector();
  const stop = new AbortController();
  const cut: typeof blobs = {
    ...blobs,
    async *list(after) {
      let seen = 0;
      for await (const blob of blobs.list(after)) {
        yield blob;
        if (++seen === 3) stop.abort();
      }
    },
  };
  const first = await collector.round({ db, blobs: cut, settings }, stop.signal);
  const rest = await collector.round({ db, blobs, settings }, new AbortController().signal);
  expect(first + rest).toBe(5);
  expect(first).toBeLessThan(5);
});
