import { startApi, type TestApi } from "@takosumi/testkit/api";
import { browserOf } from "@takosumi/testkit/browser";
import { type Answer, caller } from "@takosumi/testkit/call";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { refused } from "./deploy.ts";
import { oauthSuite, posted, type Registered, registeredClient } from "./oauth.ts";
import { person } from "./people.ts";

const limit = 5;
const limits = {
  TAKOSUMI_CLIENT_FAILURE_RATE_LIMIT: String(limit),
  TAKOSUMI_DEVICE_CODE_RATE_LIMIT: String(limit),
  TAKOSUMI_USER_CODE_RATE_LIMIT: String(limit),
  TAKOSUMI_REGISTRATION_RATE_LIMIT: String(limit),
  TAKOSUMI_TOKEN_RATE_LIMIT: "15",
  TAKOSUMI_TRUSTED_PROXIES: "127.0.0.1",
};
const on = oauthSuite(limits);
let replica: TestApi;
let service: Registered;
beforeAll(async () => {
  replica = await startApi({ env: limits, replicaOf: on.api });
  service = await registered({ redirect_uris: [], grant_types: ["client_credentials"], scope: "spaces:read" });
});
afterAll(() => replica?.close());

/** A client of somebody who has registered none before. */
const registered = async (given: object) => registeredClient((await person(on.api)).call, given);
let addresses = 0;
const newAddress = () => `203.0.113.${++addresses}`;
/** Posts a form from an address, to each process in turn. */
const from = (address: string, path: string, fields: Readonly<Record<string, string>>, i = 0) =>
  posted((i % 2 ? on.api : replica).url, path, fields, { "x-forwarded-for": address });
/** Two whole minutes' worth and one more, so that the turn of a minute makes no difference. */
const most = 2 * limit + 1;
async function until429(send: (i: number) => Promise<Answer>, count = most): Promise<Answer> {
  for (let i = 0; i < count; i++) {
    const answer = await send(i);
    if (answer.status === 429) return answer;
  }
  throw new Error(`${count} were all let through`);
}
function slowed(answer: Answer): void {
  expect(answer).toMatchObject({ status: 429, body: { error: "slow_down", error_description: expect.stringContaining("wait") } });
  const after = Number(answer.headers.get("retry-after"));
  expect(after).toBeGreaterThanOrEqual(1);
  expect(after).toBeLessThanOrEqual(60);
}
const own = ({ client_id, client_secret = "" }: Registered) => ({ client_id, client_secret });
const ask = (address: string, client = service, i = 0) =>
  from(address, "/oauth/token", { grant_type: "client_credentials", ...own(client) }, i);

describe("a client that is refused too often", () => {
  it.each(["/oauth/token", "/oauth/introspect", "/oauth/revoke", "/oauth/device/code"])(
    "with wrong secrets at %s is slowed at that address alone, over all processes, and other clients there are not",
    async (path) => {
      const [guesser, elsewhere] = [newAddress(), newAddress()];
      const guess = (i: number) =>
        from(guesser, path, { grant_type: "refresh_token", token: "x", client_id: service.client_id, client_secret: `guess-${i}` }, i);
      expect((await guess(0)).body).toMatchObject({ error: "invalid_client" });
      slowed(await until429(guess));
      expect((await ask(elsewhere)).status).toBe(200);
      const other = await registered({ redirect_uris: [], grant_types: ["client_credentials"], scope: "spaces:read" });
      expect((await ask(guesser, other)).status).toBe(200);
    },
  );

  it("by Authorization: Basic is the same client", async () => {
    const guesser = newAddress();
    const basic = (i: number) => ({ authorization: `Basic ${btoa(`${service.client_id}:guess-${i}`)}`, "x-forwarded-for": guesser });
    slowed(await until429((i) => posted(on.api.url, "/oauth/token", { grant_type: "client_credentials" }, basic(i))));
  });

  it("is not let in by making names up", async () => {
    const guesser = newAddress();
    slowed(
      await until429((i) => from(guesser, "/oauth/token", { grant_type: "refresh_token", client_id: `oac_${i}`, client_secret: "x" })),
    );
  });

  it("without a secret is slowed when it brings codes that nobody made", async () => {
    const open = await registered({ token_endpoint_auth_method: "none" });
    const guesser = newAddress();
    const guess = (i: number) =>
      from(guesser, "/oauth/token", { grant_type: "refresh_token", client_id: open.client_id, refresh_token: `guess-${i}` }, i);
    slowed(await until429(guess));
  });

  it("asks for so many tokens of its own, from wherever, and others for as many", async () => {
    const [wild, other] = await Promise.all([0, 1].map(() => registered({ redirect_uris: [], grant_types: ["client_credentials"] })));
    slowed(await until429((i) => ask(newAddress(), wild, i), 31));
    expect((await ask(newAddress(), other)).status).toBe(200);
  });

  it("with wrong secrets finds nothing new by another address of the same network", async () => {
    const guess = (i: number) => {
      const fields = { grant_type: "client_credentials", client_id: service.client_id, client_secret: `guess-${i}` };
      return from(`2001:db8:7:7::${(i + 1).toString(16)}`, "/oauth/token", fields, i);
    };
    slowed(await until429(guess));
    expect((await ask("2001:db8:7:8::1")).status).toBe(200);
  });

  it("that showed its secret is not slowed for what its users bring, nor a device for asking whether it may go on", async () => {
    const address = newAddress();
    const bring = { grant_type: "refresh_token", refresh_token: "over", ...own(on.registered) };
    for (let i = 0; i < most; i++) expect((await from(address, "/oauth/token", bring)).body).toMatchObject({ error: "invalid_grant" });
    const grant = "urn:ietf:params:oauth:grant-type:device_code";
    const app = await registered({ redirect_uris: [], grant_types: [grant], token_endpoint_auth_method: "none" });
    const { device_code } = (await from(address, "/oauth/device/code", { client_id: app.client_id, scope: "openid" })).body;
    for (let i = 0; i < most; i++) {
      const { status, body } = await from(address, "/oauth/token", { grant_type: grant, client_id: app.client_id, device_code });
      expect([status, ["authorization_pending", "slow_down"].includes(body.error)]).toEqual([400, true]);
    }
  });
});

describe("devices", () => {
  const begun = async (address: string, app: Registered, i = 0) =>
    from(address, "/oauth/device/code", { client_id: app.client_id, scope: "openid" }, i);
  const device = () =>
    registered({
      redirect_uris: [],
      grant_types: ["urn:ietf:params:oauth:grant-type:device_code"],
      token_endpoint_auth_method: "none",
    });

  it("are begun so often from one address, and from another as well", async () => {
    const app = await device();
    const address = newAddress();
    slowed(await until429((i) => begun(address, app, i)));
    expect((await begun(newAddress(), app)).status).toBe(200);
  });

  it("have codes that one person looks up so often, from wherever, and others go on", async () => {
    const { user_code } = (await begun(newAddress(), await device())).body;
    const guesser = await browserOf(on.api.url, (await person(on.api)).token);
    const look = () =>
      guesser.call("GET", "/api/oauth/device/context?user_code=BCDF-GHJK", { headers: { "x-forwarded-for": newAddress() } });
    expect((await look()).body).toMatchObject({ status: "error" });
    const answer = await until429(look);
    refused(answer, 429, "attempts");
    expect(Number(answer.headers.get("retry-after"))).toBeGreaterThanOrEqual(1);
    expect((await on.browser.call("GET", `/api/oauth/device/context?user_code=${user_code}`)).body).toMatchObject({
      status: "consent_required",
    });
  });
});

it("an address that is none, as long as a header may be, is somebody to count like others, and nothing fails of it", async () => {
  for (const address of ["x".repeat(10_000), "::::", "[::1]:80", "1.2.3.4:5", "%", "\u00e9".repeat(50)]) {
    const headers = { "x-forwarded-for": address };
    expect((await ask(address)).status).toBe(200);
    expect((await from(address, "/oauth/token", { client_id: service.client_id, client_secret: "guess" })).status).toBe(401);
    const call = caller(on.api.url, null);
    expect((await call("POST", "/api/auth/password", { headers, body: { username: "nobody", password: "a guess at it" } })).status).toBe(
      401,
    );
    expect((await caller(on.api.url, "tak_pat_unknown-unknown-unknown")("GET", "/api/me", { headers })).status).toBe(401);
  }
});

describe("registration", () => {
  it("is for so many clients of one person, in either way, and for others as well", async () => {
    const body = { client_name: "One more", redirect_uris: ["https://app.example.com/callback"] };
    const wild = await person(on.api);
    slowed(await until429(() => wild.call("POST", "/oauth/register", { body })));
    refused(await until429(() => wild.call("POST", "/api/me/oauth/clients", { body })), 429, "attempts");
    expect((await (await person(on.api)).call("POST", "/oauth/register", { body })).status).toBe(201);
  });
});
