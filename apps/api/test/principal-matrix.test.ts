import { allows } from "@takosumi/contracts/access";
import { createActor, createMember, createToken } from "@takosumi/testkit/actors";
import { startApi, type TestApi } from "@takosumi/testkit/api";
import { browserOf } from "@takosumi/testkit/browser";
import { type Call, caller } from "@takosumi/testkit/call";
import { type IdentityProvider, startIdentityProvider } from "@takosumi/testkit/identity-provider";
import { ReportingRunner } from "@takosumi/testkit/reporting-runner";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { accountScenes } from "./account-scenes.ts";
import { heldBy, locatedAt, opened, refusal, request, seen, send, unknown } from "./matrix.ts";
import { granted, withApp } from "./oauth.ts";
import { type Listed, publicOperations } from "./operations.ts";
import { person } from "./people.ts";
import { type Holdings, holdings } from "./samples.ts";
import { type Scenes, type Stage, scenes } from "./scenes.ts";

let api: TestApi;
let mine: Holdings;
let provider: IdentityProvider;
let runner: ReportingRunner;
let played: Scenes;
const people = {} as Record<Stage["actor"]["role"], Stage["actor"]>;
const principals: Record<string, Call> = {};
beforeAll(async () => {
  provider = await startIdentityProvider(() => [`${api.url}/auth/callback`, `${api.url}/auth/link/google/callback`]);
  const { issuer, client: known } = provider;
  const oidc = { TAKOSUMI_OIDC_ISSUER: issuer, TAKOSUMI_OIDC_CLIENT_ID: known.id, TAKOSUMI_OIDC_CLIENT_SECRET: known.secret };
  api = await startApi({ env: { ...oidc, TAKOSUMI_SIGNUP: "open" } });
  mine = await holdings(api.call);
  runner = await ReportingRunner.register(api.url, api.runnerToken);
  played = { ...scenes, ...accountScenes(provider) };
  const { db } = api.database;
  const { owner_id } = await db.prisma.workspaces.findUniqueOrThrow({ where: { id: mine.workspace } });
  const as = (name: string, token: string) => {
    principals[name] = caller(api.url, token);
  };
  as("stranger", (await createActor(db)).token);
  const removed = await createMember(db, mine.workspace, "admin");
  const made = await caller(api.url, removed.token)("POST", `/api/spaces/${mine.workspace}/tokens`, {
    body: { name: "bot", role: "admin" },
  });
  const { username } = await db.prisma.users.findUniqueOrThrow({ where: { id: removed.user_id } });
  await api.call("DELETE", `/api/spaces/${mine.workspace}/members/${username}`);
  as("removed member", removed.token);
  await api.call("DELETE", `/api/spaces/${mine.workspace}/tokens/${made.body.space_token.id}`);
  const other = caller(api.url, (await createActor(db)).token);
  as("space token of another space", (await other("POST", "/api/spaces/me/tokens", { body: { name: "bot", role: "admin" } })).body.token);
  const named = async (user_id: string) => (await db.prisma.users.findUniqueOrThrow({ where: { id: user_id } })).username;
  for (const role of ["viewer", "editor", "admin"] as const) {
    const member = await createMember(db, mine.workspace, role);
    as(role, member.token);
    people[role] = { ...member, role, username: await named(member.user_id), call: caller(api.url, member.token) };
  }
  people.owner = {
    role: "owner",
    call: api.call,
    token: api.token,
    user_id: owner_id,
    username: await named(owner_id),
    workspace_id: mine.workspace,
  };
  as("space token", (await api.call("POST", "/api/spaces/me/tokens", { body: { name: "bot", role: "viewer" } })).body.token);
  as("PAT of other scopes", await createToken(db, owner_id, { scopes: ["webhook:write"] }));
  const { browser, client } = await withApp(api, { scope: "openid profile" });
  as("OAuth token of other scopes", (await granted(client, browser, { scope: "openid profile" })).access_token);
});
afterAll(async () => {
  await api?.close();
  await provider?.close();
});

const by = (kind: string) => publicOperations.filter(({ operation }) => operation.spec.access.by === kind);
/** Those that are asked in a Workspace: by an id of it or of something in it. */
const ruled = by("permission").filter(locatedAt);
const asked = (listed: Listed) => {
  const place = locatedAt(listed);
  return request(listed, mine, place, place && heldBy(mine, place.entity));
};
const nowhere = (listed: Listed) => {
  const place = locatedAt(listed);
  return request(listed, mine, place, place && unknown(place.entity));
};
/** Asked so that it can be done, by whoever may; and that it is. */
async function done(listed: Listed, actor: Stage["actor"], expected?: readonly number[]): Promise<void> {
  walked++;
  const stage: Stage = { api, mine, owner: api.call, runner, actor };
  const { held, params, query = "", by, ...more } = (await played[listed.id]?.(stage)) ?? {};
  const all = { ...mine, ...held };
  const place = locatedAt(listed);
  const sample = request(listed, all, place, place && heldBy(all, place.entity), params);
  const sent = { ...sample, ...more, path: sample.path + query, headers: { ...sample.headers, ...more.headers } };
  const { kind } = listed.operation;
  if (kind === "events" || kind === "socket")
    return expect(await opened(api.url, sent.path, actor.token, kind)).toBe(kind === "socket" ? 101 : 200);
  const own = listed.operation.spec.access.by === "session" ? (await browserOf(api.url, actor.token)).call : actor.call;
  const answer = await send(by ?? own, sent);
  const said = `${sent.method} ${sent.path}: ${answer.status} ${JSON.stringify(answer.body)}`;
  if (expected) return expect(expected, said).toContain(answer.status);
  expect(answer.status, said).toBeGreaterThanOrEqual(200);
  // Pages lead on where they did what they should.
  expect(answer.status, said).toBeLessThan(kind === "protocol" ? 400 : 300);
  expect(answer.headers.get("location") ?? "", said).not.toMatch(/failed=|error=/);
}

let walked = 0;
const walk = (name: string, sent: ReturnType<typeof request>) => {
  walked++;
  return send(principals[name] as Call, sent);
};
afterAll(() => {
  const names = [...Object.keys(principals), "owner"];
  console.log(
    `principal matrix: ${walked} requests of ${publicOperations.length} operations by ${names.length} principals: ${names.join(", ")}`,
  );
});

describe.each(["stranger", "removed member", "space token of another space"])("a %s", (name) => {
  it.each(ruled)("$id: is told that there is nothing, as of what does not exist", async (listed) => {
    const [there, missing] = [await walk(name, asked(listed)), await walk(name, nowhere(listed))];
    expect(there.status, JSON.stringify(there.body)).toBe(404);
    expect(seen(there)).toEqual(seen(missing));
  });
});

describe.each(["viewer", "editor", "admin"] as const)("a member who is %s", (role) => {
  const refused = ruled.filter(({ operation }) => !allows(role, operation.spec.access.rule));
  it.each(refused)("$id: is refused by role", async (listed) => {
    const { rule } = listed.operation.spec.access;
    expect(await walk(role, asked(listed))).toMatchObject({
      status: 403,
      body: { error: { details: { reason: "role", permission: rule } } },
    });
  });

  it.each(ruled.filter(({ operation }) => allows(role, operation.spec.access.rule)))("$id: is let in, and it is done", async (listed) => {
    await done(listed, people[role]);
  });
});

describe.each(["PAT of other scopes", "OAuth token of other scopes"])("a %s", (name) => {
  it.each(ruled.filter(({ operation }) => operation.spec.access.rule !== "webhook:write"))("$id: is refused by scope", async (listed) => {
    const { rule } = listed.operation.spec.access;
    expect(await walk(name, asked(listed))).toMatchObject({
      status: 403,
      body: { error: { details: { reason: "scope", permission: rule } } },
    });
  });
});

describe("the owner", () => {
  it.each(ruled)("$id: may everything, and it is done", async (listed) => {
    // Who owns a space does not leave it.
    const expected = listed.id === "spaces.leave" ? [409] : undefined;
    await done(listed, people.owner, expected);
  });

  it.each(publicOperations.filter((one) => !ruled.includes(one)))("$id: is done for whoever acts on their own", async (listed) => {
    await done(listed, { ...(await person(api)), role: "owner" });
  });
});

describe("the account", () => {
  const account = by("caller").filter(({ operation }) => operation.spec.access.rule !== "");
  it.each(account)("$id: is closed to tokens of other scopes, and of a space", async (listed) => {
    for (const name of ["PAT of other scopes", "OAuth token of other scopes"])
      expect(await walk(name, asked(listed))).toMatchObject({ status: 403, body: refusal(listed, "FORBIDDEN", "scope") });
    for (const name of ["space token", "space token of another space"])
      expect(await walk(name, asked(listed))).toMatchObject({ status: 403, body: refusal(listed, "FORBIDDEN", "person_required") });
  });

  it.each(by("session"))("$id: is a browser session's alone", async (listed) => {
    for (const name of ["stranger", "admin", "PAT of other scopes", "OAuth token of other scopes", "space token"])
      expect(await walk(name, asked(listed))).toMatchObject({ status: 403, body: { error: { details: { reason: "session_required" } } } });
  });
});

it("walks more than a thousand ways", () => {
  expect(walked).toBeGreaterThan(1_000);
});
