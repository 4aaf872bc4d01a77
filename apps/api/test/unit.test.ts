import { randomBytes } from "node:crypto";
import { verifyChain } from "@takosumi/db/audit-verify";
import { dataKeyStore } from "@takosumi/db/data-keys";
import type { Tx } from "@takosumi/db/db";
import { statement } from "@takosumi/db/sql";
import { type Keyring, openKeyring } from "@takosumi/keyring/envelope";
import { localMasterKey } from "@takosumi/keyring/master-key";
import { type Actor, createActor } from "@takosumi/testkit/actors";
import { type TestDatabase, testDatabase } from "@takosumi/testkit/database";
import type { Claim, RequestContext, Unit } from "@takosumi/transport/application";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { replay } from "../src/pipeline/claims.ts";
import { tidy } from "../src/pipeline/housekeeping.ts";
import { openUnit } from "../src/pipeline/unit.ts";

let database: TestDatabase;
let keyring: Keyring;
let owner: Actor;
beforeAll(async () => {
  database = await testDatabase();
  keyring = openKeyring({ masterKeys: [localMasterKey(randomBytes(32))], store: dataKeyStore(database.db) });
  owner = await createActor(database.db);
});
afterAll(() => database.drop());

const context = (): RequestContext => ({
  operation: "projects.create",
  method: "POST",
  user_agent: "a test",
  request_id: "req_1",
  principal: { id: owner.user_id, kind: "user", name: "u", scopes: "*", token_id: "pat_1", address: null },
  address: "127.0.0.1",
  workspace_id: owner.workspace_id,
  located: {},
});
const claimOf = (key: string, digest = "d".repeat(64)): Claim => ({
  key,
  principal_id: owner.user_id,
  operation: "projects.create",
  digest,
});
const begin = () => openUnit({ db: database.db, keyring }, context());
const kept = (claim: Claim) => replay({ db: database.db, keyring }, claim);
const answer = { status: 201, headers: {}, body: '{"secret":"shown once"}' };
const rename = statement("test_rename", "UPDATE workspaces SET name = $2 WHERE id = $1");
const nameNow = async () => (await database.db.prisma.workspaces.findUnique({ where: { id: owner.workspace_id } }))?.name;
const change = ({ tx }: Unit, name: string) => (tx as Tx).query(rename, [owner.workspace_id, name]);
const event = (id: string) => ({
  action: "project.created",
  target: { type: "project", id },
  workspace_id: owner.workspace_id,
  metadata: {},
  row: { id, capsule_id: "cap_1" },
});

describe("a unit of work", () => {
  it("commits the change, its event and the sealed answer as one", async () => {
    const unit = await begin();
    expect(await unit.claim(claimOf("one"))).toBe(true);
    await change(unit, "first");
    await unit.record(event("prj_1"));
    await unit.commit(answer);
    expect(await nameNow()).toBe("first");
    expect(await kept(claimOf("one"))).toEqual({ ...answer, operation: "projects.create", digest: "d".repeat(64) });
    const [stored] = await database.db.prisma.idempotency_claims.findMany({ where: { key: "one" } });
    expect(JSON.stringify(stored)).not.toMatch(/shown once|dddddd/);
    const events = await database.db.prisma.audit_events.findMany({ where: { target_id: "prj_1" } });
    expect(events).toMatchObject([
      { action: "project.created", capsule_id: "cap_1", run_id: null, request_id: "req_1", actor_id: owner.user_id },
    ]);
    expect(await verifyChain(database.db, owner.workspace_id)).toMatchObject({ ok: true });
  });

  it("leaves nothing of any of them after a rollback", async () => {
    const unit = await begin();
    await unit.claim(claimOf("two"));
    await change(unit, "never");
    await unit.record(event("prj_2"));
    await unit.rollback();
    expect(await nameNow()).not.toBe("never");
    expect(await kept(claimOf("two"))).toBeNull();
    expect(await database.db.prisma.audit_events.count({ where: { target_id: "prj_2" } })).toBe(0);
  });

  it("lets one of many with the same key through, and gives the others its answer", async () => {
    const claim = claimOf("raced");
    const outcomes = await Promise.all(
      Array.from({ length: 5 }, async () => {
        const unit = await begin();
        if (!(await unit.claim(claim))) {
          await unit.rollback();
          return (await kept(claim))?.body;
        }
        await unit.commit(answer);
        return "won";
      }),
    );
    expect(outcomes.toSorted()).toEqual([...Array<string>(4).fill(answer.body), "won"].toSorted());
  });

  it("a key whose holder rolled back is free again", async () => {
    const first = await begin();
    await first.claim(claimOf("freed"));
    const second = await begin();
    const waiting = second.claim(claimOf("freed"));
    await first.rollback();
    expect(await waiting).toBe(true);
    await second.rollback();
  });
});

describe("a kept answer", () => {
  it("comes with the digest of its own request, by which the pipeline refuses another one of the same key", async () => {
    const unit = await begin();
    await unit.claim(claimOf("digest"));
    await unit.commit(answer);
    expect((await kept(claimOf("digest", "e".repeat(64))))?.digest).toBe("d".repeat(64));
  });

  it("is gone after its time, its key free, and its row removed by the housekeeping", async () => {
    const unit = await begin();
    await unit.claim(claimOf("old"));
    await unit.commit(answer);
    const expire = () => database.db.prisma.idempotency_claims.updateMany({ where: { key: "old" }, data: { expires_at: new Date(0) } });
    await expire();
    expect(await kept(claimOf("old"))).toBeNull();
    const again = await begin();
    expect(await again.claim(claimOf("old"))).toBe(true);
    await again.commit(answer);
    await expire();
    await tidy(database.db, new AbortController().signal);
    expect(await database.db.prisma.idempotency_claims.count({ where: { key: "old" } })).toBe(0);
    expect(await kept(claimOf("digest"))).not.toBeNull();
  });
});
