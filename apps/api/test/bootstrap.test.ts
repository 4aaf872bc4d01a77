import { instanceChain } from "@takosumi/db/audit";
import { verifyChain } from "@takosumi/db/audit-verify";
import { hashToken } from "@takosumi/keyring/tokens";
import { type TestDatabase, testDatabase } from "@takosumi/testkit/database";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { bootstrap } from "../src/identity/bootstrap/service.ts";

const one = `tak_pat_${"a".repeat(32)}`;
const two = `tak_pat_${"b".repeat(32)}`;
const runnerOne = `tak_run_${"a".repeat(32)}`;
const runnerTwo = `tak_run_${"b".repeat(32)}`;

let database: TestDatabase;
beforeEach(async () => {
  database = await testDatabase();
});
afterEach(() => database.drop());

const start = (bootstrapToken?: string, runnerToken?: string) => bootstrap(database.db, { bootstrapToken, runnerToken });
const tokens = () => database.db.prisma.personal_access_tokens.findMany({ orderBy: { id: "asc" } });
const runnerTokens = () => database.db.prisma.runner_tokens.findMany({ orderBy: { token_hash: "asc" } });

describe("the first start", () => {
  it("makes one owner with a personal Workspace of an id of its own, and says so in its chain", async () => {
    const { db } = database;
    expect(await start(one, runnerOne)).toEqual({ first: true, tokenRevoked: false });
    const [user] = await db.prisma.users.findMany();
    expect(user).toMatchObject({
      username: "owner",
      is_instance_admin: true,
      setup_completed_at: null,
      id: expect.stringMatching(/^usr_/),
    });
    const [workspace] = await db.prisma.workspaces.findMany();
    expect(workspace).toMatchObject({ slug: "owner", kind: "personal", owner_id: user?.id, id: expect.stringMatching(/^ws_/) });
    expect(await db.prisma.members.findMany()).toMatchObject([{ workspace_id: workspace?.id, user_id: user?.id, role: "owner" }]);
    expect(await tokens()).toMatchObject([
      { user_id: user?.id, token_hash: hashToken(one), scopes: [], expires_at: null, revoked_at: null },
    ]);
    const events = await db.prisma.audit_events.findMany({ where: { chain_id: workspace?.id ?? "" }, orderBy: { sequence: "asc" } });
    expect(events.map(({ action }) => action)).toEqual(["user.created", "workspace.created", "token.created"]);
    expect(JSON.stringify(events, (_, value) => (typeof value === "bigint" ? Number(value) : value))).not.toContain(one);
    expect(await verifyChain(db, workspace?.id ?? "")).toMatchObject({ ok: true, checked: 3 });
    expect(await verifyChain(db, instanceChain)).toMatchObject({ ok: true, checked: 1 });
  });

  it("of several processes at once makes one", async () => {
    const results = await Promise.all(Array.from({ length: 6 }, () => start(one, runnerOne)));
    expect(results.filter(({ first }) => first)).toHaveLength(1);
    expect(await database.db.prisma.users.count()).toBe(1);
    expect(await tokens()).toHaveLength(1);
    expect(await runnerTokens()).toHaveLength(1);
  });
});

describe("a later start", () => {
  it("changes nothing where the tokens are the same or absent", async () => {
    await start(one, runnerOne);
    const before = [await tokens(), await runnerTokens(), await database.db.prisma.audit_events.count()];
    await start(one, runnerOne);
    await start();
    expect([await tokens(), await runnerTokens(), await database.db.prisma.audit_events.count()]).toEqual(before);
  });

  it("puts another bootstrap token in the place of the one before, and back", async () => {
    await start(one);
    await start(two);
    expect(await tokens()).toMatchObject([{ token_hash: hashToken(two) }]);
    await start(one);
    expect(await tokens()).toMatchObject([{ token_hash: hashToken(one), revoked_at: null }]);
  });

  it("leaves a token revoked that somebody revoked", async () => {
    await start(one);
    await database.db.prisma.personal_access_tokens.updateMany({ data: { revoked_at: new Date() } });
    expect(await start(one)).toEqual({ first: false, tokenRevoked: true });
    expect((await tokens())[0]?.revoked_at).not.toBeNull();
  });

  it("revokes the runner's token before, under which runners are registered, and revives it", async () => {
    await start(one, runnerOne);
    await start(one, runnerTwo);
    const revoked = async () => Object.fromEntries((await runnerTokens()).map((row) => [row.token_hash, row.revoked_at !== null]));
    expect(await revoked()).toEqual({ [hashToken(runnerOne)]: true, [hashToken(runnerTwo)]: false });
    await start(one, runnerOne);
    expect(await revoked()).toEqual({ [hashToken(runnerOne)]: false, [hashToken(runnerTwo)]: true });
  });
});
