import { newId, prefixes } from "@takosumi/contracts/ids";
import { startApi, type TestApi } from "@takosumi/testkit/api";
import { caller } from "@takosumi/testkit/call";
import * as oidc from "openid-client";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  answered,
  asApp,
  asking,
  callback,
  clientOf,
  fieldsOf,
  granted,
  oauthSuite,
  pathOf,
  posted,
  type Registered,
  registeredClient,
} from "./oauth.ts";
import { person } from "./people.ts";

const on = oauthSuite();
let replica: TestApi;
let foreign: Registered;
let thief: oidc.Configuration;
beforeAll(async () => {
  replica = await startApi({ replicaOf: on.api });
  foreign = await registeredClient((await person(on.api)).call);
  thief = await clientOf(on.api.url, foreign);
});
afterAll(() => replica?.close());

const own = ({ client_id, client_secret = "" }: Registered) => ({ client_id, client_secret });
const doors = () => [on.api, replica];
const exchange = async (asked: Awaited<ReturnType<typeof asking>>, back: URL) => ({
  grant_type: "authorization_code",
  code: back.searchParams.get("code") ?? "",
  code_verifier: asked.verifier,
  redirect_uri: callback,
  ...own(on.registered),
});
/** No door takes any of them, in any way. */
async function dead(tokens: readonly (string | undefined)[]): Promise<void> {
  for (const token of tokens) {
    if (token === undefined) continue;
    for (const { url } of doors()) {
      expect((await posted(url, "/oauth/introspect", { token, ...own(on.registered) })).body).toEqual({ active: false });
      if (token.startsWith("tak_oat_")) expect((await asApp(url, token)("GET", "/api/projects")).status).toBe(401);
      const refreshed = await posted(url, "/oauth/token", { grant_type: "refresh_token", refresh_token: token, ...own(on.registered) });
      expect(refreshed.body.error).toBe("invalid_grant");
    }
  }
}

describe("over two processes", () => {
  it("a refresh token that is used at both at once is worth tokens once at most, and then none of the family is", async () => {
    for (let round = 0; round < 4; round++) {
      const first = await granted(on.client, on.browser);
      const fields = { grant_type: "refresh_token", refresh_token: first.refresh_token ?? "", ...own(on.registered) };
      const answers = await Promise.all(Array.from({ length: 20 }, (_, i) => posted(doors()[i % 2]?.url ?? "", "/oauth/token", fields)));
      const won = answers.filter(({ status }) => status === 200);
      expect(won.length).toBeLessThanOrEqual(1);
      for (const { status, body } of answers) if (status !== 200) expect([status, body.error]).toEqual([400, "invalid_grant"]);
      await dead([first.access_token, ...won.flatMap(({ body }) => [body.access_token, body.refresh_token])]);
    }
  });

  it("a refresh token that was spent here is found reused there, and ends what came of it", async () => {
    const first = await granted(on.client, on.browser);
    const second = await oidc.refreshTokenGrant(on.client, first.refresh_token ?? "");
    expect((await asApp(replica.url, second.access_token)("GET", "/api/projects")).status).toBe(200);
    const fields = { grant_type: "refresh_token", refresh_token: first.refresh_token ?? "", ...own(on.registered) };
    expect((await posted(replica.url, "/oauth/token", fields)).body).toMatchObject({ error: "invalid_grant" });
    await dead([first.access_token, second.access_token, second.refresh_token]);
  });

  it("a code that was spent here is found replayed there, and ends what came of it", async () => {
    const asked = await asking(on.client);
    const fields = await exchange(asked, await answered(on.browser, asked));
    const { body: tokens } = await posted(on.api.url, "/oauth/token", fields);
    expect(tokens.access_token).toMatch(/^tak_oat_/);
    expect((await posted(replica.url, "/oauth/token", fields)).body).toMatchObject({ error: "invalid_grant" });
    await dead([tokens.access_token, tokens.refresh_token]);
  });
});

describe("another client", () => {
  it("gets nothing for a refresh token, a code or a device code of this one, and harms none of them", async () => {
    const tokens = await granted(on.client, on.browser);
    const steal = (fields: Readonly<Record<string, string>>) => posted(on.api.url, "/oauth/token", { ...fields, ...own(foreign) });
    expect((await steal({ grant_type: "refresh_token", refresh_token: tokens.refresh_token ?? "" })).body.error).toBe("invalid_grant");
    expect((await oidc.refreshTokenGrant(on.client, tokens.refresh_token ?? "")).access_token).toMatch(/^tak_oat_/);
    const asked = await asking(on.client);
    const fields = await exchange(asked, await answered(on.browser, asked));
    expect((await steal({ ...fields })).body.error).toBe("invalid_grant");
    expect((await posted(on.api.url, "/oauth/token", fields)).status).toBe(200);
    const grant = "urn:ietf:params:oauth:grant-type:device_code";
    const device = { redirect_uris: [], grant_types: [grant], token_endpoint_auth_method: "none" };
    const [app, other] = [await registeredClient(on.api.call, device), await registeredClient(on.api.call, device)];
    const { device_code, user_code } = (await posted(on.api.url, "/oauth/device/code", { client_id: app.client_id, scope: "openid" })).body;
    const page = (await on.browser.call("GET", `/oauth/device?user_code=${user_code}`)).body;
    const raw = new URLSearchParams({ ...fieldsOf(String(page)), action: "approve" }).toString();
    await on.browser.call("POST", "/oauth/device", { raw, headers: { "content-type": "application/x-www-form-urlencoded" } });
    const poll = ({ client_id }: Registered) => posted(on.api.url, "/oauth/token", { grant_type: grant, client_id, device_code });
    expect((await poll(other)).body.error).toBe("invalid_grant");
    expect((await poll(app)).status).toBe(200);
  });

  it("learns of no token whether it is good, and ends none", async () => {
    const tokens = await granted(on.client, on.browser);
    for (const token of [tokens.access_token, tokens.refresh_token ?? ""])
      for (const hint of ["access_token", "refresh_token", "made_up"]) {
        const [held, none] = await Promise.all(
          [token, `${token}x`].map((one) =>
            posted(on.api.url, "/oauth/introspect", { token: one, token_type_hint: hint, ...own(foreign) }),
          ),
        );
        expect([held?.status, held?.body]).toEqual([none?.status, none?.body]);
        await oidc.tokenRevocation(thief, token, { token_type_hint: hint });
      }
    expect((await oidc.tokenIntrospection(on.client, tokens.refresh_token ?? "")).active).toBe(true);
    expect((await asApp(on.api.url, tokens.access_token)("GET", "/api/projects")).status).toBe(200);
  });
});

describe("scopes", () => {
  it("never grow by a refresh, and may shrink", async () => {
    const { refresh_token = "" } = await granted(on.client, on.browser, { scope: "openid spaces:read" });
    await expect(oidc.refreshTokenGrant(on.client, refresh_token, { scope: "openid spaces:read run:plan" })).rejects.toMatchObject({
      error: "invalid_scope",
    });
    expect((await oidc.refreshTokenGrant(on.client, refresh_token, { scope: "openid" })).scope).toBe("openid");
  });

  it("that a client may no longer ask for are worth nothing at once, in tokens it has and in those it gets", async () => {
    const registered = await registeredClient(on.api.call, { scope: "openid spaces:read" });
    const client = await clientOf(on.api.url, registered);
    const tokens = await granted(client, on.browser, { scope: "openid spaces:read" });
    expect((await asApp(on.api.url, tokens.access_token)("GET", "/api/projects")).status).toBe(200);
    await on.api.call("PATCH", `/api/me/oauth/clients/${registered.client_id}`, { body: { scope: "openid" } });
    const refreshed = await oidc.refreshTokenGrant(client, tokens.refresh_token ?? "");
    for (const { access_token } of [tokens, refreshed])
      expect((await asApp(on.api.url, access_token)("GET", "/api/projects")).status).toBe(403);
    expect(refreshed.scope).toBe("openid");
  });
});

it("what a client got with its secret is worth nothing once it shows none any more", async () => {
  const made = await registeredClient(on.api.call);
  const client = await clientOf(on.api.url, made);
  const { refresh_token = "" } = await granted(client, on.browser);
  const asked = await asking(client);
  const fields = await exchange(asked, await answered(on.browser, asked));
  const body = { client_id: made.client_id, client_name: "Open", redirect_uris: [callback], token_endpoint_auth_method: "none" };
  const manage = caller(on.api.url, made.registration_access_token);
  expect((await manage("PUT", `/oauth/register/${made.client_id}`, { body })).status).toBe(200);
  const { client_secret: _, ...code } = fields;
  for (const given of [{ grant_type: "refresh_token", refresh_token }, code])
    expect((await posted(on.api.url, "/oauth/token", { ...given, client_id: made.client_id })).body.error).toBe("invalid_grant");
});

describe("what is kept", () => {
  const hour = 3_600_000;
  const grants = (client_id: string) =>
    on.api.database.db.prisma.oauth_grants.findMany({ where: { consent: { client_id } }, orderBy: { id: "asc" } });

  it("of an authorization that nothing comes of is gone in an hour, else lasts as long as its tokens", async () => {
    const registered = await registeredClient(on.api.call);
    const client = await clientOf(on.api.url, registered);
    await answered(on.browser, await asking(client));
    const [alone] = await grants(registered.client_id);
    expect((alone?.expires_at.getTime() ?? 0) - Date.now()).toBeLessThanOrEqual(hour);
    await granted(client, on.browser);
    const [, used] = await grants(registered.client_id);
    expect((used?.expires_at.getTime() ?? 0) - Date.now()).toBeGreaterThan(29 * 24 * hour);
  });

  it("of one app and person are a hundred authorizations: the next ends the oldest, and its tokens", async () => {
    const registered = await registeredClient(on.api.call);
    const client = await clientOf(on.api.url, registered);
    const oldest = await granted(client, on.browser);
    const next = await granted(client, on.browser);
    const [first] = await grants(registered.client_id);
    const more = { consent_id: first?.consent_id ?? "", scopes: ["openid"], expires_at: new Date(Date.now() + hour) };
    const data = Array.from({ length: 98 }, () => ({ ...more, id: newId(prefixes.oauth_grant) }));
    await on.api.database.db.prisma.oauth_grants.createMany({ data });
    expect((await oidc.tokenIntrospection(client, oldest.access_token)).active).toBe(true);
    await granted(client, on.browser);
    expect((await grants(registered.client_id)).length).toBe(100);
    expect(await oidc.tokenIntrospection(client, oldest.access_token)).toEqual({ active: false });
    expect((await oidc.tokenIntrospection(client, next.access_token)).active).toBe(true);
  });

  it("of wrong secrets is told to the client's owner, and of unknown clients to nobody", async () => {
    const maker = await person(on.api);
    const { client_id } = await registeredClient(maker.call);
    for (const path of ["token", "introspect", "revoke"])
      await posted(on.api.url, `/oauth/${path}`, { grant_type: "refresh_token", token: "x", client_id, client_secret: "wrong" });
    const { events } = (await maker.call("GET", `/audit?workspace_id=${maker.workspace_id}&action=access.denied`)).body;
    expect(events.map(({ target }: { target: { id: string } }) => target.id).toSorted()).toEqual(
      ["introspect", "revoke", "token"].map((name) => `oauthServer.${name}`),
    );
    for (const event of events)
      expect(event).toMatchObject({ actor: { kind: "anonymous" }, metadata: { client_id, code: "UNAUTHORIZED" } });
    expect(JSON.stringify(events)).not.toContain("wrong");
    await posted(on.api.url, "/oauth/token", { grant_type: "refresh_token", client_id: "oac_nobody", client_secret: "x" });
    const where = { chain_id: "instance", action: "access.denied", target_id: "oauthServer.token" };
    expect(await on.api.database.db.prisma.audit_events.count({ where })).toBeGreaterThan(0);
  });
});

it("an app that wants a sign-in of this very moment is sent there once, not for ever", async () => {
  const { url } = await asking(on.client, { max_age: "0" });
  const sent = await caller(on.api.url, null)("GET", pathOf(url));
  const back = new URL(new URL(sent.headers.get("location") ?? "", on.api.url).searchParams.get("return_to") ?? "", on.api.url);
  expect([back.pathname, back.searchParams.get("max_age")]).toEqual(["/oauth/authorize", "60"]);
});
