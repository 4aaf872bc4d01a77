import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { Memory } from "./memory.ts";
import { type Running, running } from "./running.ts";

let on: Running;
beforeAll(async () => {
  on = await running();
});
afterAll(() => on.close());
beforeEach(() => {
  const fresh = new Memory();
  on.memory.things = fresh.things;
  on.memory.claims.clear();
  on.memory.audit.length = 0;
  on.memory.denials.length = 0;
  on.memory.log.length = 0;
});
const call: Running["call"] = (...given) => on.call(...given);

describe("reading", () => {
  test("a row by id, at both URLs, stripped of what the contract does not name", async () => {
    for (const path of ["/api/things/cap_1", "/things/cap_1"]) {
      const { status, body, headers } = await call("GET", path, { as: "viewer" });
      expect([status, body]).toEqual([200, { thing: { id: "cap_1", name: "first" } }]);
      expect(headers.get("content-type")).toBe("application/json; charset=utf-8");
      expect(headers.get("cache-control")).toBe("no-store");
    }
  });
  test("only families of the deploy context are served bare", async () => {
    expect((await call("GET", "/me", { as: "viewer" })).status).toBe(404);
  });
  test("HEAD answers as GET, without the body", async () => {
    const { status, text, headers } = await call("HEAD", "/api/things/cap_1", { as: "viewer" });
    expect([status, text, headers.get("content-length")]).toEqual([200, "", "39"]);
  });
  test("OPTIONS answers", async () => {
    const { status, headers } = await call("OPTIONS", "/api/things/cap_1");
    expect([status, headers.get("allow")]).toEqual([204, "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS"]);
  });
  test("a query with defaults, coercion, and repeated names", async () => {
    const none = await call("GET", "/api/things", { as: "viewer" });
    expect(none.body).toEqual({ limit: 50, only: false, tags: [], at: "ws_acme", next_cursor: null });
    const some = await call("GET", "/api/things?limit=7&only=true&tag=a+b&tag=c%20d&workspace_id=me", { as: "viewer" });
    expect(some.body).toMatchObject({ limit: 7, only: true, tags: ["a b", "c d"] });
    expect((await call("GET", "/api/things?tag=one", { as: "viewer" })).body.tags).toEqual(["one"]);
  });
  test("a row in a row, for anybody, with a path as the rest of the URL", async () => {
    const { body } = await call("GET", "/api/things/repo_public/files/7/a/b%20c.txt");
    expect(body).toEqual({ ref: 7, path: "pull_7:a/b c.txt", who: null });
    expect((await call("GET", "/api/things/repo_public/files/8/a")).status).toBe(404);
    expect((await call("GET", "/api/things/repo_secret/files/7/a")).body.error.details.fields).toEqual([
      { path: "id", message: "There is no such repo" },
    ]);
  });
  test("a GET or DELETE that says application/json and brings nothing works", async () => {
    const headers = { "content-type": "application/json" };
    expect((await call("GET", "/api/things/cap_1", { as: "viewer", headers })).status).toBe(200);
    expect((await call("DELETE", "/api/things/cap_1?force=true", { as: "editor", headers })).status).toBe(204);
  });
  test("plain text, with the other fields in headers", async () => {
    const { status, text, headers } = await call("GET", "/api/things/cap_1/logs?offset=6", {
      as: "viewer",
      headers: { accept: "text/plain" },
    });
    expect([status, text]).toEqual([200, "lines\nof text\n"]);
    expect(headers.get("content-type")).toBe("text/plain; charset=utf-8");
    expect([headers.get("x-log-next-offset"), headers.get("x-log-complete"), headers.get("x-log-hint")]).toEqual(["20", "true", null]);
    expect(
      (await call("GET", "/api/things/cap_1/logs", { as: "viewer", headers: { accept: "application/json, text/plain" } })).body.log,
    ).toContain("three");
  });
});

describe("who may", () => {
  const codeOf = async (...given: Parameters<Running["call"]>) => {
    const { status, body } = await call(...given);
    return [status, body?.error?.code, body?.error?.details?.reason];
  };
  test("nobody signed in: 401 before anything is parsed", async () => {
    expect(await codeOf("POST", "/api/things", { body: "{ broken" })).toEqual([401, "UNAUTHORIZED", "missing"]);
    const { headers } = await call("GET", "/api/things/cap_1");
    expect(headers.get("www-authenticate")).toBe("Bearer");
  });
  test("a bad token: 401, and recorded", async () => {
    expect(await codeOf("GET", "/healthz", { as: "nobody" })).toEqual([401, "UNAUTHORIZED", "invalid"]);
    expect(on.memory.denials).toMatchObject([{ operation: "account.health", code: "UNAUTHORIZED", principal: null }]);
  });
  test("a stranger and a missing row: the same 404", async () => {
    const foreign = await call("GET", "/api/things/cap_1", { as: "stranger" });
    const missing = await call("GET", "/api/things/not-even-an-id-of-ours", { as: "owner" });
    expect([foreign.status, foreign.text]).toEqual([404, missing.text]);
    expect((await call("GET", "/api/things?workspace_id=ws_x", { as: "owner" })).body.error).toEqual({
      code: "NOT_FOUND",
      message: "There is no such workspace",
      details: { fields: [{ path: "workspace_id", message: "There is no such workspace" }] },
    });
  });
  test("a role that is too low: 403 naming permission and role, and recorded", async () => {
    const { status, body } = await call("POST", "/api/things", { as: "viewer", body: { name: "x" } });
    expect([status, body.error.message]).toEqual([403, "Your role, viewer, does not include capsule:write"]);
    expect(body.error.details).toEqual({ reason: "role", permission: "capsule:write" });
    expect(on.memory.denials).toMatchObject([{ operation: "things.create", permission: "capsule:write", workspace_id: "ws_acme" }]);
  });
  test("a token's scopes narrow a role", async () => {
    expect((await call("GET", "/api/things/cap_1", { as: "reader" })).status).toBe(200);
    expect(await codeOf("POST", "/api/things", { as: "reader", body: { name: "x" } })).toEqual([403, "FORBIDDEN", "scope"]);
  });
  test("may() is role and scopes together, and a handler's own refusal is recorded", async () => {
    const asked = async (as: string) => (await call("POST", "/api/things/cap_1/destroy", { as })).body;
    expect(await asked("owner")).toEqual({ role: "owner", may_destroy: true, id: "cap_1" });
    expect((await asked("reader")).may_destroy).toBe(false);
    expect((await asked("editor")).error.details).toEqual({ reason: "policy" });
    expect(on.memory.denials).toMatchObject([{ operation: "things.destroy", message: "Editors do not destroy" }]);
  });
  test("the account: by scope, by session, never by a token bound to a Workspace", async () => {
    expect((await call("GET", "/api/account", { as: "owner" })).status).toBe(200);
    expect(await codeOf("GET", "/api/account", { as: "reader" })).toEqual([403, "FORBIDDEN", "scope"]);
    expect((await call("GET", "/api/me", { as: "reader" })).status).toBe(200);
    expect(await codeOf("GET", "/api/me", { as: "bound" })).toEqual([403, "FORBIDDEN", "workspace_token"]);
    const body = { password: "x" };
    expect(await codeOf("PUT", "/api/account/password", { as: "owner", body })).toEqual([403, "FORBIDDEN", "session_required"]);
    expect((await call("PUT", "/api/account/password", { as: "browser", body })).status).toBe(204);
    expect((await call("GET", "/api/account/tokens/pat_owner", { as: "owner" })).body).toEqual({ id: "pat_owner" });
    expect((await call("GET", "/api/account/tokens/pat_editor", { as: "owner" })).status).toBe(404);
  });
  test("a token bound to another Workspace sees nothing here", async () => {
    expect((await call("GET", "/api/things/cap_1", { as: "bound" })).status).toBe(404);
  });
  test("the runner's door is for runners", async () => {
    const body = { slots: 1 };
    expect((await call("POST", "/api/machine/claim", { as: "runner", body })).body).toEqual({ runner: "rnr_1" });
    expect(await codeOf("POST", "/api/machine/claim", { as: "owner", body })).toEqual([401, "UNAUTHORIZED", "missing"]);
  });
  test("a surface that is off does not exist", async () => {
    expect((await call("GET", "/api/bill", { as: "owner" })).status).toBe(404);
    const cloud = await running({ surfaces: ["cloud"] });
    expect((await cloud.call("GET", "/api/bill", { as: "owner" })).body).toEqual({ due: 0 });
    await cloud.close();
  });
  test("the rate limit answers 429 with Retry-After", async () => {
    on.memory.requestsLeft = 0;
    const { status, headers } = await call("GET", "/healthz");
    on.memory.requestsLeft = Number.POSITIVE_INFINITY;
    expect([status, headers.get("retry-after")]).toEqual([429, "2"]);
  });
});

describe("writing", () => {
  test("a change and its audit event commit as one", async () => {
    const { status, body } = await call("POST", "/api/things", { as: "editor", body: { name: "second" } });
    expect([status, body.thing.name, on.memory.things.has(body.thing.id)]).toEqual([201, "second", true]);
    expect(on.memory.audit).toMatchObject([
      { action: "thing.created", target: { type: "capsule", id: body.thing.id }, workspace_id: "ws_acme", metadata: { name: "second" } },
    ]);
  });
  test("an error in the write, after it, in the output or in the commit undoes all", async () => {
    const failing = async (body: object) => (await call("POST", "/api/things", { as: "editor", body })).status;
    expect(await failing({ name: "first" })).toBe(409);
    expect(await failing({ name: "a", secret: "fail" })).toBe(500);
    expect(await failing({ name: "b", secret: "unfit" })).toBe(500);
    on.memory.failCommit = true;
    expect(await failing({ name: "c" })).toBe(500);
    on.memory.failCommit = false;
    expect([on.memory.things.size, on.memory.audit.length]).toEqual([1, 0]);
    expect(on.memory.log.filter((line) => line === "rollback")).toHaveLength(4);
  });
  test("nothing is opened for a request that is refused, or an operation that is not recorded", async () => {
    await call("POST", "/api/things", { as: "editor", body: { name: "" } });
    await call("PUT", "/api/things/cap_1", { as: "editor", body: { name: "x" } });
    expect(on.memory.log).toEqual([]);
  });
  test("a header as input, response headers, several statuses, a refined audit event", async () => {
    const put = (match: string) =>
      call("PATCH", "/api/things/cap_1", { as: "editor", body: { name: "new" }, headers: { "if-match": match } });
    const now = await put("1");
    expect([now.status, now.headers.get("etag"), now.body.thing.name]).toEqual([200, '"2"', "new"]);
    expect((await put("later")).status).toBe(202);
    const silent = await put("silent");
    expect([silent.status, silent.text, silent.headers.get("etag")]).toEqual([204, "", '"2"']);
    expect(on.memory.audit[0]).toMatchObject({ action: "thing.renamed", target: { type: "thing", id: "thing_1" } });
    expect((await put("old")).body.error.code).toBe("PRECONDITION_FAILED");
    const without = await call("PATCH", "/api/things/cap_1", { as: "editor", body: { name: "new" } });
    expect([without.status, without.body.error.details.fields[0].path]).toEqual([400, "if-match"]);
  });
  test("cookies and redirects", async () => {
    const cookie = await call("POST", "/api/login", { body: { to: "/x", as: "cookie" } });
    expect(cookie.headers.getSetCookie()).toEqual(["tp_session=a%20b%3Bc; Path=/; HttpOnly; SameSite=Lax; Max-Age=60; Secure"]);
    const elsewhere = await call("POST", "/api/login", { body: { to: "/x", as: "redirect" } });
    expect([elsewhere.status, elsewhere.headers.get("location"), elsewhere.text]).toEqual([303, "/console", ""]);
    expect((await call("POST", "/api/login", { body: { to: "/x", as: "wrong" } })).status).toBe(500);
  });
  test("a 204 has no body; an empty POST is an empty object", async () => {
    expect((await call("DELETE", "/api/things/cap_1", { as: "editor" })).status).toBe(409);
    expect((await call("POST", "/api/things/cap_1/destroy", { as: "owner" })).status).toBe(200);
  });
});

describe("errors", () => {
  test("what failed on our side says nothing but its request id", async () => {
    for (const how of ["throw", "unfit"]) {
      const { status, body, text, headers } = await call("GET", `/api/broken/${how}`, { headers: { "x-request-id": "mine-1" } });
      expect([status, body.error.code, body.error.details]).toEqual([500, "INTERNAL_ERROR", { request_id: "mine-1" }]);
      expect([text.includes("secret column"), text.includes("column secret"), headers.get("x-request-id")]).toEqual([
        false,
        false,
        "mine-1",
      ]);
    }
  });
  test("the application's word for an error, and Retry-After", async () => {
    const database = await call("GET", "/api/broken/database");
    expect([database.status, database.body.error.details.reason, database.headers.get("retry-after")]).toEqual([503, "database", "10"]);
    expect((await call("GET", "/api/broken/busy")).headers.get("retry-after")).toBe("5");
  });
  test("every answer has a request id of ours, unless the caller's is harmless", async () => {
    for (const path of ["/healthz", "/nowhere", "/api/things/cap_1"])
      expect((await call("GET", path)).headers.get("x-request-id")).toMatch(/^req_[0-9a-z]{18}$/);
    const spoofed = await call("GET", "/healthz", { headers: { "x-request-id": "a b\tc" } });
    expect(spoofed.headers.get("x-request-id")).toMatch(/^req_/);
  });
  test("no route, no such method: our 404", async () => {
    expect((await call("GET", "/compat/anything")).body.error.code).toBe("NOT_FOUND");
    expect((await call("PUT", "/healthz", { body: {} })).status).toBe(404);
  });
});
