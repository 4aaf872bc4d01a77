import { dataKeyStore } from "@takosumi/db/data-keys";
import { closeReplacedKeys, replaceDataKey } from "@takosumi/db/key-rotation";
import type { RunRow } from "@takosumi/db/rows";
import { resealColumn, sealedColumns, sealedRows } from "@takosumi/db/sealed-columns";
import { statement } from "@takosumi/db/sql";
import { type Keyring, openKeyring } from "@takosumi/keyring/envelope";
import { keyOfMac } from "@takosumi/keyring/mac";
import { keyOfText } from "@takosumi/keyring/sealed-text";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { digestOf } from "../src/base-state.ts";
import { resealPlans } from "../src/reseal-plans.ts";
import { sealPlan, withSource } from "../src/seal.ts";
import { openWorld } from "./world.ts";

let opened: Awaited<ReturnType<typeof openWorld>>;
let world: Awaited<ReturnType<typeof openWorld>>["world"];
beforeAll(async () => {
  opened = await openWorld({ workspaceLimit: 100 });
  ({ world } = opened);
});
afterAll(() => opened.close());

const replaceKey = async (workspace: string) => replaceDataKey(world.db, await opened.keyring.mintDataKey(workspace));
const currentKey = async (workspace: string) => (await dataKeyStore(world.db).current(workspace))?.id;
const reseal = () => resealPlans({ db: world.db, keyring: opened.keyring });

/** Somebody who knows the data key that is the current one of a Workspace now, whatever becomes of it. */
async function thief(workspace: string): Promise<Keyring> {
  const store = dataKeyStore(world.db);
  const row = await store.current(workspace);
  return openKeyring({ masterKeys: [opened.masterKey], store: { ...store, current: async () => row } });
}
const forge = statement("test_forge", `UPDATE runs SET plan_digest = $2, seal = $3 WHERE id = $1`);
/** Puts the plan file of another plan into this one, and seals it. */
async function forged(by: Keyring, plan: RunRow, { plan_digest }: RunRow): Promise<void> {
  await world.db.query(forge, [plan.id, plan_digest, await sealPlan(by, { ...(await withSource(world.db, plan)), plan_digest })]);
}

describe("plans that wait while data keys are replaced", () => {
  test("are sealed anew, and executed; whatever belongs to them opens, also for a second time", async () => {
    const variables = [{ name: "a", kind: "tofu" as const, value: "v", sensitive: true }];
    const [planned, other] = [
      await world.planned(await world.capsule(), { variables }),
      await world.planned(await world.capsule(), { variables }),
    ];
    const queued = await world.approve(other);
    const column = sealedColumns.find(({ table, column }) => `${table}.${column}` === "runs.variable_set");
    if (!column) throw new Error("no such column");
    for (let i = 0; i < 2; i++) {
      for (const { workspace_id } of [planned, other]) await replaceKey(workspace_id);
      expect(await reseal()).toEqual({ resealed: 2, broken: [] });
      await closeReplacedKeys(world.db, opened.keyring.closeDataKey);
      for (const { workspace_id } of [planned, other]) opened.keyring.forgetCurrent(workspace_id);
      await resealColumn(world.db, column, () => true, opened.keyring.reseal);
    }
    expect(keyOfMac((await world.run(planned)).seal ?? "")).toBe(await currentKey(planned.workspace_id));
    for await (const row of sealedRows(world.db, column))
      for (const { place, sealed } of column.values(row)) expect(keyOfText(sealed)).toBe(await currentKey(place.workspace));

    const runner = await world.runner();
    const first = await world.claimed(runner);
    expect(first).toMatchObject({ run_id: queued.id, variables: { tofu: { a: "v" } } });
    await world.applied(first);
    await world.approve(planned);
    expect(await world.applied(await world.claimed(runner))).toMatchObject({ plan_run_id: planned.id, status: "succeeded" });
  });

  test("a plan that ends at the same moment has the new key's seal: none is lost, whoever is first", async () => {
    const workspace = await world.workspace();
    const runner = await world.runner();
    const leases = [];
    for (let i = 0; i < 24; i++) {
      await world.plan(await world.capsule(workspace));
      leases.push(await world.claimed(runner));
    }
    const rotating = (async () => {
      for (let i = 0; i < 6; i++) {
        await replaceKey(workspace);
        expect((await reseal()).broken).toEqual([]);
        await closeReplacedKeys(world.db, opened.keyring.closeDataKey);
      }
    })();
    const planned = await Promise.all(leases.map((lease) => world.finishPlan(lease)));
    await rotating;
    const current = await currentKey(workspace);
    for (const plan of planned) {
      expect(keyOfMac((await world.run(plan)).seal ?? "")).toBe(current);
      await world.approve(plan);
      expect((await world.claimed(runner)).plan_run_id).toBe(plan.id);
    }
  });

  test("what its own seal does not prove is named and not sealed anew: nothing is handed out", async () => {
    const [planned, other] = [await world.planned(await world.capsule()), await world.planned(await world.capsule())];
    const { seal } = planned;
    await world.db.query(forge, [planned.id, other.plan_digest, seal]);
    for (const { workspace_id } of [planned, other]) await replaceKey(workspace_id);
    opened.keyring.forgetCurrent(planned.workspace_id);
    expect((await reseal()).broken).toEqual([planned.id]);
    expect(await world.run(planned)).toMatchObject({ seal });
    const queued = await world.approve(planned);
    expect(await world.claim(await world.runner())).toBeNull();
    expect(await world.run(queued)).toMatchObject({ status: "failed", error: { code: "SEAL_MISMATCH" } });
  });
});

test("who knows a data key forges a seal with it, and no more once it was replaced", async () => {
  const capsule = await world.capsule();
  const runner = await world.runner();
  const known = await thief(capsule.workspace_id);
  const [planned, evil] = [await world.planned(capsule), await world.planned(await world.capsule(capsule.workspace_id))];
  // While it is the current key nothing tells the forgery from the seal.
  await forged(known, planned, evil);
  const approved = await world.approve(planned);
  const lease = await world.claimed(runner);
  expect(lease).toMatchObject({ run_id: approved.id, sealed: { plan: { digest: evil.plan_digest } } });
  await world.failed(lease);

  await replaceKey(capsule.workspace_id);
  await reseal();
  await closeReplacedKeys(world.db, opened.keyring.closeDataKey);
  // Nor where who writes to the database takes away what says so: the key itself is kept as one that was closed.
  for (const tampered of [
    "SELECT $1",
    "UPDATE data_keys SET closed_at = NULL WHERE workspace_id = $1 AND closed_at IS NOT NULL",
    `WITH other AS (UPDATE data_keys SET retired_at = now() WHERE workspace_id = $1 AND retired_at IS NULL RETURNING id)
     UPDATE data_keys SET retired_at = NULL FROM other WHERE workspace_id = $1 AND data_keys.id <> other.id AND retired_at IS NOT NULL`,
  ]) {
    const again = await world.planned(await world.again(capsule));
    await forged(known, again, evil);
    expect((await world.run(again)).plan_digest).toBe(evil.plan_digest);
    const queued = await world.approve(await world.run(again));
    await world.db.query(statement(`test_tamper_${digestOf(tampered).slice(7, 20)}`, tampered), [capsule.workspace_id]);
    expect(await world.claim(runner)).toBeNull();
    expect(await world.run(queued)).toMatchObject({ status: "failed", error: { code: "SEAL_MISMATCH" } });
  }
});
