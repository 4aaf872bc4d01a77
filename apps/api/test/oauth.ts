import { startApi, type TestApi } from "@takosumi/testkit/api";
import { type Browser, browserOf } from "@takosumi/testkit/browser";
import { type Answer, type Call, caller } from "@takosumi/testkit/call";
import * as oidc from "openid-client";
import { afterAll, beforeAll } from "vitest";

export const callback = "https://app.example.com/callback";

export interface Registered {
  readonly client_id: string;
  readonly client_secret?: string;
  readonly registration_access_token: string;
  readonly registration_client_uri: string;
}
/** A new client of the caller. */
export async function registeredClient(call: Call, given: object = {}): Promise<Registered> {
  const body = { client_name: "An app", redirect_uris: [callback], scope: "openid profile email spaces:read run:plan", ...given };
  const answer = await call("POST", "/api/me/oauth/clients", { body });
  if (answer.status !== 201) throw new Error(`Registering answered ${answer.status}: ${JSON.stringify(answer.body)}`);
  return answer.body;
}

/** A real OAuth client: discovery first, as every app does. */
export const clientOf = (url: string, { client_id, client_secret }: Registered, auth?: oidc.ClientAuth): Promise<oidc.Configuration> =>
  oidc.discovery(new URL(url), client_id, client_secret, auth ?? (client_secret === undefined ? oidc.None() : undefined), {
    execute: [oidc.allowInsecureRequests],
  });

export interface Asked {
  readonly url: URL;
  readonly verifier: string;
  readonly state: string;
  readonly nonce: string;
}
/** Where an app sends the browser. */
export async function asking(client: oidc.Configuration, given: Readonly<Record<string, string>> = {}): Promise<Asked> {
  const verifier = oidc.randomPKCECodeVerifier();
  const state = oidc.randomState();
  const nonce = oidc.randomNonce();
  const url = oidc.buildAuthorizationUrl(client, {
    redirect_uri: callback,
    scope: "openid profile spaces:read",
    code_challenge: await oidc.calculatePKCECodeChallenge(verifier),
    code_challenge_method: "S256",
    state,
    ...((given.scope ?? "openid").includes("openid") && { nonce }),
    ...given,
  });
  return { url, verifier, state, nonce };
}

export const pathOf = (url: URL): string => url.pathname + url.search;
/** The hidden fields of a page's form. */
export const fieldsOf = (page: string): Record<string, string> =>
  Object.fromEntries(
    [...page.matchAll(/<input type="hidden" name="([^"]+)" value="([^"]*)">/g)].map(([, name = "", value = ""]) => [
      name,
      value.replace(/&#(\d+);/g, (_, code: string) => String.fromCharCode(Number(code))),
    ]),
  );
const form = "application/x-www-form-urlencoded";
/** Sends a page's form, with another answer or other fields. */
export const submitted = (browser: Browser, path: string, fields: Readonly<Record<string, string>>): Promise<Answer> =>
  browser.call("POST", path, { raw: new URLSearchParams(fields).toString(), headers: { "content-type": form } });

/** The person looks at the page that an app sent them to, and answers. The address of the app that the browser is sent back to. */
export async function answered(browser: Browser, { url }: Asked, action: "approve" | "deny" = "approve"): Promise<URL> {
  let answer = await browser.call("GET", pathOf(url));
  if (answer.status === 200) answer = await submitted(browser, "/oauth/authorize", { ...fieldsOf(String(answer.body)), action });
  const location = answer.headers.get("location");
  if (answer.status !== 302 || location === null)
    throw new Error(`The browser was answered ${answer.status}: ${JSON.stringify(answer.body)}`);
  return new URL(location);
}

/** The whole way from the app to its tokens. */
export async function granted(client: oidc.Configuration, browser: Browser, given: Readonly<Record<string, string>> = {}) {
  const asked = await asking(client, given);
  const back = await answered(browser, asked);
  return oidc.authorizationCodeGrant(client, back, {
    pkceCodeVerifier: asked.verifier,
    expectedState: asked.state,
    ...(asked.url.searchParams.get("scope")?.includes("openid") && { expectedNonce: asked.nonce }),
  });
}

/** The first owner in a browser, and an app of theirs. */
export async function withApp(api: TestApi, given: object = {}) {
  const browser = await browserOf(api.url, api.token);
  const registered = await registeredClient(api.call, given);
  return { browser, registered, client: await clientOf(api.url, registered) };
}
export interface OauthSuite extends Readonly<Awaited<ReturnType<typeof withApp>>> {
  readonly api: TestApi;
}
/** What the tests of a file share: there before the first of them, closed after the last. */
export function oauthSuite(env: Readonly<Record<string, string>> = {}): OauthSuite {
  const suite: Partial<OauthSuite> = {};
  beforeAll(async () => {
    const api = await startApi({ env });
    Object.assign(suite, { api });
    Object.assign(suite, await withApp(api));
  });
  afterAll(() => suite.api?.close());
  return suite as OauthSuite;
}
export const asApp = (url: string, token: string): Call => caller(url, token);
/** Posts a form as a client would that has no library. */
export async function posted(
  url: string,
  path: string,
  fields: Readonly<Record<string, string>>,
  headers: Readonly<Record<string, string>> = {},
) {
  const raw = new URLSearchParams(fields).toString();
  return caller(url, null)("POST", path, { raw, headers: { "content-type": form, ...headers } });
}
