import { type Browser, browserOf } from "@takosumi/testkit/browser";
import { type Call, caller } from "@takosumi/testkit/call";
import type { IdentityProvider } from "@takosumi/testkit/identity-provider";
import { mailed } from "./mails.ts";
import { asking, clientOf, fieldsOf, granted, pathOf, posted, type Registered, registeredClient } from "./oauth.ts";
import { person, spaceOf } from "./people.ts";
import { anyClient, made201, opened, unique } from "./samples.ts";
import type { Scene, Scenes, Stage } from "./scenes.ts";

const password = "correct horse battery staple";
const form = (fields: Readonly<Record<string, string>>) => ({
  raw: new URLSearchParams(fields).toString(),
  headers: { "content-type": "application/x-www-form-urlencoded" },
});
const browser = ({ api, actor }: Stage): Promise<Browser> => browserOf(api.url, actor.token);
/** As a page of ours that nobody is signed in at. */
const page =
  ({ api }: Stage): Call =>
  (method, path, options = {}) =>
    caller(api.url, null)(method, path, { ...options, headers: { origin: api.url, ...options.headers } });

/** What a person asks who acts on their own account, or comes to it. `provider` is the instance's identity provider. */
export const accountScenes = (provider: IdentityProvider): Scenes => ({
  "recipes.read": async () => ({ params: { id: "aws" } }),
  "me.setPassword": async () => ({ body: { new_password: password } }),
  "accessTokens.remove": async ({ actor }) => ({
    held: { token: (await made201(actor.call, "/api/me/personal-access-tokens", { name: "t" })).id },
  }),
  "sessions.remove": async ({ actor }) => ({ held: { session: (await opened(actor.call)).session_id } }),
  "notifications.read": async (stage) => {
    await invitation(stage);
    const { notifications } = (await stage.actor.call("GET", "/api/notifications")).body;
    return { params: { id: notifications[0].id } };
  },
  "oauthClients.update": async ({ actor }) => ({ held: { oauth_client: (await registeredClient(actor.call)).client_id } }),
  "oauthClients.remove": async ({ actor }) => ({ held: { oauth_client: (await registeredClient(actor.call)).client_id } }),
  "oauthAccess.revoke": async (stage) => ({ params: { clientId: (await withTokens(stage)).app.client_id } }),
  "spaces.restore": async ({ actor }) => {
    const { space } = await made201(actor.call, "/api/spaces", { name: `s ${unique()}` });
    await actor.call("DELETE", `/api/spaces/${space.id}`);
    return { held: { deleted_workspace: space.id } };
  },
  "shortcuts.update": async (stage) => ({ held: { shortcut: await shortcut(stage) } }),
  "shortcuts.remove": async (stage) => ({ held: { shortcut: await shortcut(stage) } }),
  "invitations.read": async (stage) => ({ params: { token: await invitation(stage) } }),
  "invitations.accept": async (stage) => ({ params: { token: await invitation(stage) } }),
  "invitations.decline": async (stage) => ({ params: { token: await invitation(stage) } }),

  "auth.code": async ({ actor }) => ({ body: { code: await code(actor.call) } }),
  "auth.password": async (stage) => ({ body: { username: await withPassword(stage), password } }),
  "authServer.callback": async (stage) => through(stage, provider, "/auth/login"),
  "authServer.linkCallback": async (stage) => through(stage, provider, "/auth/link/google", (await browser(stage)).cookie),
  "authServer.cli": async (stage) => {
    await stage.actor.call("POST", "/api/setup/complete", { body: { username: `u-${unique()}` } });
    return { by: (await browser(stage)).call, query: `?${new URLSearchParams(program)}` };
  },
  "authServer.cliCallback": async () => form({ ...program, action: "allow" }),
  "authServer.submitPassword": async (stage) => ({ by: page(stage), ...form({ username: await withPassword(stage), password }) }),
  "authServer.submitCode": async (stage) => ({ by: page(stage), ...form({ code: await code(stage.actor.call) }) }),
  "authServer.setupPage": async (stage) => ({ by: (await browser(stage)).call }),
  "authServer.submitSetup": async () => form({ username: `u-${unique()}` }),
  "authServer.submitLogout": async (stage) => ({ by: (await browser(stage)).call, ...form({}) }),
  "authPages.submitInvite": async (stage) => ({
    by: (await browser(stage)).call,
    ...form({ token: await invitation(stage), action: "accept" }),
  }),
  "authPages.submitReset": async (stage) => {
    const { api, actor } = stage;
    const email = `${actor.username}@example.com`;
    await api.database.db.prisma.users.update({ where: { id: actor.user_id }, data: { email, email_verified_at: new Date() } });
    await page(stage)("POST", "/api/auth/reset", { body: { username: actor.username } });
    return { by: page(stage), ...form({ code: await mailed(api, "reset", email), new_password: password }) };
  },

  "oauthConsent.authorizeContext": async (stage) => {
    const { call, url } = await withQuestion(stage);
    return { by: call, query: url.search };
  },
  "oauthConsent.authorizeDecision": async (stage) => {
    const { call, url } = await withQuestion(stage);
    const { params, csrf_token } = (await call("GET", `/api/oauth/authorize/context${url.search}`)).body;
    return { by: call, body: { ...params, csrf_token, action: "approve" } };
  },
  "oauthConsent.deviceDecision": async (stage) => {
    const { call, user_code } = await withDevice(stage);
    const { csrf_token } = (await call("GET", `/api/oauth/device/context?user_code=${user_code}`)).body;
    return { by: call, body: { user_code, csrf_token, action: "approve" } };
  },
  "oauthServer.authorize": async (stage) => {
    const { call, url } = await withQuestion(stage);
    return { by: call, query: url.search };
  },
  "oauthServer.decide": async (stage) => {
    const { call, url } = await withQuestion(stage);
    return { by: call, ...form({ ...fieldsOf(String((await call("GET", pathOf(url))).body)), action: "approve" }) };
  },
  "oauthServer.device": async (stage) => ({ by: (await browser(stage)).call }),
  "oauthServer.decideDevice": async (stage) => {
    const { call, user_code } = await withDevice(stage);
    const shown = await call("GET", `/oauth/device?user_code=${user_code}`);
    return { by: call, ...form({ ...fieldsOf(String(shown.body)), action: "approve" }) };
  },
  "oauthServer.token": async (stage) => {
    const scope = "run:read";
    const app = await registeredClient(stage.actor.call, { grant_types: ["client_credentials"], redirect_uris: [], scope });
    return asApp(stage, app, { grant_type: "client_credentials", scope });
  },
  "oauthServer.deviceCode": async (stage) => ({ by: page(stage), ...form({ client_id: await deviceApp(stage), scope: "openid" }) }),
  "oauthServer.introspect": async (stage) => {
    const { app, access_token } = await withTokens(stage);
    return asApp(stage, app, { token: access_token });
  },
  "oauthServer.revoke": async (stage) => {
    const { app, access_token } = await withTokens(stage);
    return asApp(stage, app, { token: access_token });
  },
  "oauthServer.userinfo": async (stage) => ({ by: caller(stage.api.url, (await withTokens(stage)).access_token) }),
  "oauthServer.register": async () => ({ body: anyClient() }),
  "oauthServer.readClient": registration,
  "oauthServer.replaceClient": async (stage) => {
    const { params, ...scene } = await registration(stage);
    return { ...scene, params, body: { ...anyClient(), client_id: params.clientId } };
  },
  "oauthServer.removeClient": registration,
});

const program = { callback: "http://127.0.0.1:40123/callback", state: "s".repeat(40) };
/** A one-time code of the caller's. */
const code = async (call: Call): Promise<string> => (await made201(call, "/api/me/sign-in-codes", {})).code;
async function withPassword(stage: Stage): Promise<string> {
  await (await browser(stage)).call("PUT", "/api/me/password", { body: { new_password: password } });
  return stage.actor.username;
}
const shortcut = async ({ actor }: Stage): Promise<string> =>
  (await made201(actor.call, "/api/shortcuts", { name: "s", resourceType: "link", resourceId: "https://example.com" })).id;
/** Theirs, into a space of somebody else. */
async function invitation({ api, actor: { username } }: Stage): Promise<string> {
  const host = await person(api);
  const space = await spaceOf(host, `s ${unique()}`);
  return (await made201(host.call, `/api/spaces/${space.id}/invitations`, { username, role: "viewer" })).invitation.id;
}

/** Back from the provider, as somebody whom nobody knows yet. `cookie`: whoever is signed in here. */
async function through({ api }: Stage, provider: IdentityProvider, from: string, cookie = ""): Promise<Scene> {
  provider.is({ sub: unique(), email: `${unique()}@ours.example`, email_verified: true });
  const by = caller(api.url, null);
  const begun = await by("GET", from, { headers: { cookie } });
  const [attempt = ""] = begun.headers.getSetCookie().map((one) => one.split(";")[0] ?? "");
  const back = new URL(await provider.follow(begun.headers.get("location") ?? ""));
  return { by, query: back.search, headers: { cookie: `${attempt}; ${cookie}` } };
}

/** In a browser, at an app's question. */
async function withQuestion(stage: Stage): Promise<{ readonly call: Call; readonly url: URL }> {
  const { call } = await browser(stage);
  const { url } = await asking(await clientOf(stage.api.url, await registeredClient(stage.actor.call)));
  return { call, url };
}
/** An app that was allowed, with a token. */
async function withTokens(stage: Stage): Promise<{ readonly app: Registered; readonly access_token: string }> {
  const app = await registeredClient(stage.actor.call);
  const { access_token } = await granted(await clientOf(stage.api.url, app), await browser(stage));
  return { app, access_token };
}
async function deviceApp({ actor }: Stage): Promise<string> {
  const grant_types = ["urn:ietf:params:oauth:grant-type:device_code"];
  return (await registeredClient(actor.call, { redirect_uris: [], grant_types, token_endpoint_auth_method: "none" })).client_id;
}
/** In a browser, with a device that waits. */
async function withDevice(stage: Stage): Promise<{ readonly call: Call; readonly user_code: string }> {
  const { body } = await posted(stage.api.url, "/oauth/device/code", { client_id: await deviceApp(stage), scope: "openid" });
  return { call: (await browser(stage)).call, user_code: body.user_code };
}
/** As a client that shows its secret. */
function asApp(stage: Stage, { client_id, client_secret = "" }: Registered, fields: Readonly<Record<string, string>>): Scene {
  const { raw, headers } = form(fields);
  const authorization = `Basic ${Buffer.from(`${client_id}:${client_secret}`).toString("base64")}`;
  return { by: page(stage), raw, headers: { ...headers, authorization } };
}
async function registration({ api, actor }: Stage) {
  const { client_id, registration_access_token } = await registeredClient(actor.call);
  return { by: caller(api.url, registration_access_token), params: { clientId: client_id } };
}
