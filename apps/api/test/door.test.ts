import { hashToken, mintToken } from "@takosumi/keyring/tokens";
import { type Actor, createActor, createToken } from "@takosumi/testkit/actors";
import { startApi, type TestApi } from "@takosumi/testkit/api";
import { caller } from "@takosumi/testkit/call";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { holdings } from "./samples.ts";

let api: TestApi;
let user: Actor;
beforeAll(async () => {
  api = await startApi();
  user = await createActor(api.database.db);
});
afterAll(() => api.close());
const db = () => api.database.db;
const list = (headers: Record<string, string>) => caller(api.url, null)("GET", "/api/runs", { headers });
const bearer = (token: string) => list({ authorization: `Bearer ${token}` });
const refusal = (reason: string) => ({ status: 401, body: { error: { code: "UNAUTHORIZED", details: { reason } } } });

describe("a credential", () => {
  it("that is valid is taken, in any writing of Bearer", async () => {
    expect((await bearer(user.token)).status).toBe(200);
    expect((await list({ authorization: `bearer  ${user.token}` })).status).toBe(200);
  });

  it.each([
    ["Basic dXNlcjpwYXNz", "invalid"],
    ["Bearer", "invalid"],
    ["Bearer x", "invalid"],
    [`Bearer ${"x".repeat(600)}`, "invalid"],
    ["Bearer tak_pat_short", "invalid"],
    [`Bearer ${mintToken("tak_pat_")}`, "invalid"],
    [`Bearer ${mintToken("tak_run_")}`, "invalid"],
    [`Bearer ${mintToken("tak_zzz_")}`, "invalid"],
  ])("%s is refused and never shown back", async (authorization, reason) => {
    const answer = await list({ authorization });
    expect(answer).toMatchObject(refusal(reason));
    const token = authorization.split(" ")[1];
    if (token && token.length > 8) expect(JSON.stringify(answer.body)).not.toContain(token);
  });

  it("says whether it has expired or was revoked", async () => {
    expect(await bearer(await createToken(db(), user.user_id, { expires_at: new Date(Date.now() - 1_000) }))).toMatchObject(
      refusal("expired"),
    );
    expect(await bearer(await createToken(db(), user.user_id, { revoked_at: new Date() }))).toMatchObject(refusal("revoked"));
    expect((await bearer(await createToken(db(), user.user_id, { expires_at: new Date(Date.now() + 600_000) }))).status).toBe(200);
  });

  it("that is wrong beats everything else that the request brings", async () => {
    const answer = await list({ authorization: `Bearer ${mintToken("tak_pat_")}`, cookie: `tp_session=${user.token}` });
    expect(answer).toMatchObject(refusal("invalid"));
    for (const name of ["x-takos-internal", "x-takos-session-id"])
      expect(await list({ [name]: user.token })).toMatchObject(refusal("missing"));
  });

  it("of a runner opens the runner protocol, of a person not, and neither the other's", async () => {
    const claim = (token: string) =>
      caller(api.url, token)("POST", "/api/runner/claim", { body: { runner_id: "rnr_x", wait_seconds: 0, tools: [] } });
    expect((await claim(api.runnerToken)).status).toBe(404);
    expect(await claim(user.token)).toMatchObject(refusal("invalid"));
    expect(await claim(mintToken("tak_run_"))).toMatchObject(refusal("invalid"));
    expect(await bearer(api.runnerToken)).toMatchObject(refusal("invalid"));
  });

  it("notes its use, behind the request", async () => {
    const token = await createToken(db(), user.user_id);
    const used = async () =>
      (await db().prisma.personal_access_tokens.findUniqueOrThrow({ where: { token_hash: hashToken(token) } })).last_used_at;
    expect(await used()).toBeNull();
    await bearer(token);
    await expect.poll(used).toBeInstanceOf(Date);
    const first = await used();
    await bearer(token);
    await bearer(token);
    expect(await used()).toEqual(first);
  });
});

describe("scopes", () => {
  it("narrow what a role may, and never widen it", async () => {
    const call = caller(api.url, await createToken(db(), user.user_id, { scopes: ["run:read"] }));
    expect((await call("GET", "/api/runs")).status).toBe(200);
    expect(await call("POST", "/api/secrets", { body: { name: "A", value: "b" } })).toMatchObject({
      status: 403,
      body: { error: { details: { reason: "scope" } } },
    });
  });

  it("of a token bound to a Workspace end there: its own is the only one it sees", async () => {
    const held = await holdings(caller(api.url, user.token));
    const other = await createActor(db());
    await db().prisma.members.create({ data: { workspace_id: other.workspace_id, user_id: user.user_id, role: "admin" } });
    const call = caller(api.url, await createToken(db(), user.user_id, { workspace_id: other.workspace_id }));
    expect((await call("GET", `/api/capsules/${held.capsule}`)).status).toBe(404);
    expect((await call("POST", "/api/projects", { body: { name: "p" } })).body.project.workspace_id).toBe(other.workspace_id);
    expect((await call("GET", "/api/runners")).status).toBe(200);
    expect((await call("GET", `/api/runners?workspace_id=${held.workspace}`)).status).toBe(404);
  });
});

describe("a refusal", () => {
  it("is recorded once a minute and operation however often it happens, with who and what for", async () => {
    const call = caller(api.url, await createToken(db(), user.user_id, { scopes: ["run:read"] }));
    for (let i = 0; i < 4; i++) await call("POST", "/api/projects", { body: { name: "p" } });
    const where = { actor_id: user.user_id, action: "access.denied", target_id: "projects.create" };
    const events = await db().prisma.audit_events.findMany({ where });
    expect(events.length).toBeGreaterThan(0);
    expect(events.length).toBeLessThanOrEqual(2);
    expect(events[0]).toMatchObject({ workspace_id: user.workspace_id, metadata: { code: "FORBIDDEN", permission: "capsule:write" } });
    const counts = await db().prisma.audit_denials.findMany({ where: { principal_id: user.user_id, operation: "projects.create" } });
    expect(counts.reduce((sum, { count }) => sum + count, 0)).toBe(4);
  });

  it("of a wrong runner's token is recorded in the chain of the instance", async () => {
    const token = mintToken("tak_run_");
    await caller(api.url, token)("POST", "/api/runner/claim", { body: {} });
    const events = await db().prisma.audit_events.findMany({
      where: { chain_id: "instance", target_id: "runnerProtocol.claim", actor_id: "anonymous" },
    });
    expect(events).toMatchObject([{ action: "access.denied", metadata: { code: "UNAUTHORIZED" } }]);
    expect(JSON.stringify(events[0]?.metadata)).not.toContain(token);
  });
});

describe("an Idempotency-Key", () => {
  const create = (key: string, body: object, token = user.token) =>
    caller(api.url, token)("POST", "/api/secrets", { body, headers: { "idempotency-key": key } });

  it("gives the first answer again, also to many at once, and does the thing once", async () => {
    const answers = await Promise.all(Array.from({ length: 6 }, () => create("k1", { name: "ONCE", value: "v" })));
    expect(new Set(answers.map(({ status, body }) => JSON.stringify([status, body]))).size).toBe(1);
    expect(answers[0]?.status).toBe(201);
    expect(await db().prisma.secrets.count({ where: { workspace_id: user.workspace_id, name: "ONCE" } })).toBe(1);
    expect(
      await db().prisma.audit_events.count({
        where: { workspace_id: user.workspace_id, action: "secret.created", target_id: answers[0]?.body.secret.id },
      }),
    ).toBe(1);
  });

  it("refuses another request, and is another principal's own", async () => {
    await create("k2", { name: "TWO", value: "v" });
    expect(await create("k2", { name: "TWO", value: "w" })).toMatchObject({
      status: 409,
      body: { error: { details: { reason: "idempotency_key_reused" } } },
    });
    const other = await createActor(db());
    expect((await create("k2", { name: "TWO", value: "w" }, other.token)).status).toBe(201);
  });

  it("is not used up by a request that failed", async () => {
    await create("k3", { name: "THREE", value: "v" });
    expect((await create("k4", { name: "THREE", value: "v" })).status).toBe(409);
    expect((await create("k4", { name: "FOUR", value: "v" })).status).toBe(201);
  });
});

describe("what is written to the log", () => {
  it("is one line a request with who, where and how, and no token, value or query", async () => {
    const value = "a-secret-value-in-a-body";
    const call = caller(api.url, user.token);
    const made = await call("POST", "/api/secrets", { body: { name: "LOGGED", value }, headers: { "x-request-id": "my-request-1" } });
    expect(made.headers.get("x-request-id")).toBe("my-request-1");
    await call("GET", "/api/runs?actor_id=somebody-in-a-query");
    await expect
      .poll(() => api.process.lines.find((line) => line.request_id === "my-request-1"))
      .toMatchObject({
        level: "info",
        service: "api",
        actor_id: user.user_id,
        workspace_id: user.workspace_id,
        route: "POST /api/secrets",
        status: 201,
        duration_ms: expect.any(Number),
      });
    const text = JSON.stringify(api.process.lines);
    for (const hidden of [user.token, api.token, api.runnerToken, value, "somebody-in-a-query"]) expect(text).not.toContain(hidden);
  });
});
