import { createActor, createToken } from "@takosumi/testkit/actors";
import { caller } from "@takosumi/testkit/call";
import * as oidc from "openid-client";
import { describe, expect, it } from "vitest";
import { callback, clientOf, oauthSuite, registeredClient } from "./oauth.ts";

const on = oauthSuite();

const metadata = { client_name: "Registered", redirect_uris: [callback], scope: "openid spaces:read", contacts: ["a@example.com"] };
const managing = ({ registration_access_token: token }: { registration_access_token: string }) => caller(on.api.url, token);
const registered = async (given: object = {}) => (await on.api.call("POST", "/oauth/register", { body: { ...metadata, ...given } })).body;
const pathOf = ({ client_id }: { client_id: string }) => `/oauth/register/${client_id}`;

describe("registration", () => {
  it("is done by a person's token, and its answer works at once", async () => {
    const answer = await on.api.call("POST", "/oauth/register", { body: metadata });
    expect(answer).toMatchObject({
      status: 201,
      body: {
        client_id: expect.stringMatching(/^oac_/),
        client_secret: expect.any(String),
        client_secret_expires_at: 0,
        registration_client_uri: `${on.api.url}/oauth/register/${answer.body.client_id}`,
        grant_types: ["authorization_code", "refresh_token"],
        response_types: ["code"],
        scope: "openid spaces:read",
      },
    });
    expect(answer.body).not.toHaveProperty("contacts");
    expect(answer.headers.get("cache-control")).toBe("no-store");
    const client = await clientOf(on.api.url, answer.body);
    expect(client.serverMetadata().registration_endpoint).toBe(`${on.api.url}/oauth/register`);
    const { prisma } = on.api.database.db;
    const event = await prisma.audit_events.findFirstOrThrow({ where: { target_id: answer.body.client_id } });
    expect(event).toMatchObject({ action: "oauth.client_registered", actor: { kind: "user" } });
    expect(event.workspace_id).toMatch(/^ws_/);
    expect(JSON.stringify(await prisma.oauth_clients.findMany())).not.toContain(answer.body.client_secret);
  });

  it("with openid-client's own registration call", async () => {
    const client = await oidc.dynamicClientRegistration(
      new URL(on.api.url),
      { ...metadata, token_endpoint_auth_method: "client_secret_post" },
      undefined,
      {
        initialAccessToken: on.api.token,
        execute: [oidc.allowInsecureRequests],
      },
    );
    expect(client.clientMetadata().client_id).toMatch(/^oac_/);
  });

  it("is for nobody else: no token, one of a service, of too few scopes, or of a space is refused", async () => {
    const { db } = on.api.database;
    const actor = await createActor(db);
    const few = await createToken(db, actor.user_id, { scopes: ["account:read", "account:write"] });
    const bound = await createToken(db, actor.user_id, { workspace_id: actor.workspace_id });
    expect((await caller(on.api.url, null)("POST", "/oauth/register", { body: metadata })).status).toBe(401);
    for (const token of [few, bound])
      expect((await caller(on.api.url, token)("POST", "/oauth/register", { body: metadata })).status).toBe(403);
  });

  it.each([
    ["no name", { client_name: undefined }, "client_name"],
    ["a name of blanks", { client_name: "   " }, "client_name"],
    ["a name with a control character", { client_name: "a\u202eb" }, "client_name"],
    ["a name that is a number", { client_name: 1 }, "client_name"],
    ["a long name", { client_name: "x".repeat(101) }, "client_name"],
    ["no address", { redirect_uris: [] }, "redirect_uris"],
    ["an address that is text", { redirect_uris: callback }, "redirect_uris"],
    ["http elsewhere", { redirect_uris: ["http://app.example.com/callback"] }, "redirect_uris.0"],
    ["a scheme of its own", { redirect_uris: ["app:/callback"] }, "redirect_uris.0"],
    ["a script", { redirect_uris: ["javascript:alert(1)"] }, "redirect_uris.0"],
    ["data", { redirect_uris: ["data:text/html,x"] }, "redirect_uris.0"],
    ["a fragment", { redirect_uris: [`${callback}#x`] }, "redirect_uris.0"],
    ["a user", { redirect_uris: ["https://a:b@app.example.com/"] }, "redirect_uris.0"],
    ["a star", { redirect_uris: ["https://*.example.com/"] }, "redirect_uris.0"],
    ["a backslash", { redirect_uris: ["https://app.example.com\\@evil.example/"] }, "redirect_uris.0"],
    ["lookalike letters", { redirect_uris: ["https://\u0430pp.example.com/"] }, "redirect_uris.0"],
    ["a host like this machine's", { redirect_uris: ["http://localhost.example.com/"] }, "redirect_uris.0"],
    ["a number for this machine", { redirect_uris: ["http://2130706433.evil.example/"] }, "redirect_uris.0"],
    ["too many addresses", { redirect_uris: Array.from({ length: 21 }, (_, i) => `${callback}/${i}`) }, "redirect_uris"],
    ["an unknown scope", { scope: "openid made:up" }, "scope"],
    ["a scope that no app may have", { scope: "account:credentials" }, "scope"],
    ["every scope", { scope: "*" }, "scope"],
    ["scopes as a list", { scope: ["openid"] }, "scope"],
    ["an unknown grant", { grant_types: ["implicit"] }, "grant_types.0"],
    ["a password grant", { grant_types: ["password"] }, "grant_types.0"],
    ["no grant", { grant_types: [] }, "grant_types"],
    ["tokens in the fragment", { response_types: ["token"] }, "response_types.0"],
    ["a service without a secret", { grant_types: ["client_credentials"], token_endpoint_auth_method: "none" }, "grant_types"],
    ["a method of other keys", { token_endpoint_auth_method: "private_key_jwt" }, "token_endpoint_auth_method"],
    ["a page that is no URL", { client_uri: "javascript:alert(1)" }, "client_uri"],
    ["keys elsewhere", { jwks_uri: "https://evil.example/keys" }, "jwks_uri"],
    ["keys", { jwks: { keys: [] } }, "jwks"],
    ["a sector", { sector_identifier_uri: "https://evil.example/" }, "sector_identifier_uri"],
    ["a NUL", { client_name: "a\0b" }, "client_name"],
  ])("with %s is refused, in OAuth's words and in ours", async (_, given, field) => {
    const answer = await on.api.call("POST", "/oauth/register", { body: { ...metadata, ...given } });
    expect(answer).toMatchObject({ status: 400, body: { error: expect.stringMatching(/^invalid_(?:client_metadata|redirect_uri)$/) } });
    expect(answer.body.error_description).toContain(field);
    const { contacts: __, ...strict } = metadata;
    const ours = await on.api.call("POST", "/api/me/oauth/clients", { body: { ...strict, ...given } });
    expect(ours).toMatchObject({ status: 400, body: { error: { code: "BAD_REQUEST" } } });
    expect(ours.body.error.details.fields.map(({ path }: { path: string }) => path)).toContain(field);
  });

  it.each([
    ["text", "application/json", "x"],
    ["a list", "application/json", "[]"],
    ["nothing", "application/json", ""],
    ["a form", "application/x-www-form-urlencoded", "client_name=a"],
    ["broken UTF-8", "application/json", new Uint8Array([0x22, 0xff, 0x22])],
    ["deep nesting", "application/json", `${'{"a":'.repeat(5_000)}1${"}".repeat(5_000)}`],
  ])("of %s is refused", async (_, type, raw) => {
    const answer = await on.api.call("POST", "/oauth/register", { raw, headers: { "content-type": type } });
    expect(answer).toMatchObject({ status: 400, body: { error: "invalid_client_metadata" } });
  });
});

describe("a registration", () => {
  it("is read, replaced as a whole, and ended by its own token", async () => {
    const before = await registered({ client_uri: "https://app.example.com" });
    const read = await managing(before)("GET", pathOf(before));
    expect(read).toMatchObject({ status: 200, body: { client_id: before.client_id, client_uri: "https://app.example.com" } });
    expect(read.body).not.toHaveProperty("client_secret");
    const body = { client_id: before.client_id, client_name: "Replaced", redirect_uris: [`${callback}/2`] };
    const after = (await managing(before)("PUT", pathOf(before), { body })).body;
    expect(after).toMatchObject({ client_name: "Replaced", redirect_uris: [`${callback}/2`], scope: "" });
    expect(after).not.toHaveProperty("client_uri");
    expect(after).not.toHaveProperty("client_secret");
    expect((await managing(before)("GET", pathOf(before))).body).toMatchObject({ error: "invalid_token" });
    expect((await managing(after)("DELETE", pathOf(after))).status).toBe(204);
    const gone = await managing(after)("GET", pathOf(after));
    expect(gone).toMatchObject({ status: 401, body: { error: "invalid_token" } });
    expect(gone.headers.get("www-authenticate")).toContain("invalid_token");
    const { logs } = (await on.api.call("GET", `/api/me/oauth/audit-logs?client_id=${after.client_id}`)).body;
    expect(logs.map((log: { event_type: string }) => log.event_type)).toEqual(["client_deleted", "client_updated", "client_registered"]);
  });

  it("is replaced by one of those who replace it at once, and two changes of its owner do not undo each other", async () => {
    const before = await registered();
    const body = { ...metadata, client_id: before.client_id };
    const answers = await Promise.all(Array.from({ length: 8 }, () => managing(before)("PUT", pathOf(before), { body })));
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
    for (const { status } of answers) expect([200, 401]).toContain(status);
    const path = `/api/me/oauth/clients/${before.client_id}`;
    const changes = [{ client_name: "Both" }, { scope: "openid" }, { client_uri: "https://app.example.com" }];
    await Promise.all(changes.map((change) => on.api.call("PATCH", path, { body: change })));
    const { clients } = (await on.api.call("GET", "/api/me/oauth/clients?limit=100")).body;
    expect(clients.find(({ client_id }: { client_id: string }) => client_id === before.client_id)).toMatchObject({
      name: "Both",
      allowed_scopes: ["openid"],
      client_uri: "https://app.example.com",
    });
  });

  it("that becomes public loses its secret, and one that becomes confidential gets one", async () => {
    const before = await registered();
    const body = { ...metadata, client_id: before.client_id };
    const open = (await managing(before)("PUT", pathOf(before), { body: { ...body, token_endpoint_auth_method: "none" } })).body;
    expect(open).not.toHaveProperty("client_secret");
    const closed = (await managing(open)("PUT", pathOf(open), { body })).body;
    expect(closed.client_secret).toEqual(expect.any(String));
    expect(closed.client_secret).not.toBe(before.client_secret);
  });

  it("is not another's: its token opens no other client, and no person's token opens it", async () => {
    const [mine, other] = [await registered(), await registered()];
    expect((await managing(mine)("GET", pathOf(other))).status).toBe(401);
    expect((await on.api.call("GET", pathOf(mine))).status).toBe(401);
    expect((await managing(mine)("PUT", pathOf(mine), { body: { ...metadata, client_id: other.client_id } })).body).toMatchObject({
      error: "invalid_client_metadata",
    });
    expect((await managing(mine)("GET", "/api/projects")).status).toBe(401);
    const stranger = caller(on.api.url, (await createActor(on.api.database.db)).token);
    for (const [method, body] of [
      ["PATCH", { client_name: "stolen" }],
      ["DELETE", undefined],
    ] as const)
      expect((await stranger(method, `/api/me/oauth/clients/${mine.client_id}`, body ? { body } : {})).status).toBe(404);
    expect((await stranger("GET", "/api/me/oauth/clients")).body.clients).toEqual([]);
  });

  it("is changed by its owner in part", async () => {
    const { client_id } = await registeredClient(on.api.call, { client_uri: "https://app.example.com" });
    const path = `/api/me/oauth/clients/${client_id}`;
    const answer = await on.api.call("PATCH", path, { body: { client_uri: null, scope: "openid" } });
    expect(answer).toMatchObject({ status: 200, body: { id: client_id, client_uri: null, allowed_scopes: ["openid"], name: "An app" } });
    expect((await on.api.call("PATCH", path, { body: {} })).status).toBe(400);
    expect((await on.api.call("PATCH", path, { body: { redirect_uris: ["http://evil.example/"] } })).status).toBe(400);
    await on.api.call("DELETE", path);
    expect((await on.api.call("PATCH", path, { body: { client_name: "Back" } })).status).toBe(409);
  });
});
