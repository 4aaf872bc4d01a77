import { allows, type Role } from "@takosumi/contracts/access";
import { createActor, createMember, createToken } from "@takosumi/testkit/actors";
import { startApi, type TestApi } from "@takosumi/testkit/api";
import { browserOf } from "@takosumi/testkit/browser";
import { type Call, caller } from "@takosumi/testkit/call";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { heldBy, refusal, request, seen, send, unknown } from "./matrix.ts";
import { granted, withApp } from "./oauth.ts";
import { idPlaces, type Listed, publicOperations } from "./operations.ts";
import { type Holdings, holdings } from "./samples.ts";

let api: TestApi;
let mine: Holdings;
const principals: Record<string, Call> = {};
beforeAll(async () => {
  api = await startApi();
  mine = await holdings(api.call);
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
  for (const role of ["viewer", "editor", "admin"] as const) as(role, (await createMember(db, mine.workspace, role)).token);
  as("space token", (await api.call("POST", "/api/spaces/me/tokens", { body: { name: "bot", role: "viewer" } })).body.token);
  as("PAT of other scopes", await createToken(db, owner_id, { scopes: ["webhook:write"] }));
  const { browser, client } = await withApp(api, { scope: "openid profile" });
  as("OAuth token of other scopes", (await granted(client, browser, { scope: "openid profile" })).access_token);
  principals.browser = (await browserOf(api.url, api.token)).call;
});
afterAll(() => api.close());

const by = (kind: string) => publicOperations.filter(({ operation }) => operation.spec.access.by === kind);
/** Those that are asked in a Workspace: by an id of it or of something in it. */
const ruled = by("permission").filter(({ operation }) =>
  idPlaces(operation).some((place) => operation.spec.access.at.some((one) => place.entity in one)),
);
const at = ({ operation }: Listed) => idPlaces(operation).find(({ entity }) => operation.spec.access.at.some((one) => entity in one));
const asked = (listed: Listed) => {
  const place = at(listed);
  return request(listed, mine, place, place && heldBy(mine, place.entity));
};
const nowhere = (listed: Listed) => {
  const place = at(listed);
  return request(listed, mine, place, place && unknown(place.entity));
};
let walked = 0;
const walk = (name: string, sent: ReturnType<typeof request>) => {
  walked++;
  return send(principals[name] as Call, sent);
};
afterAll(() =>
  console.log(
    `principal matrix: ${walked} requests of ${publicOperations.length} operations by ${Object.keys(principals).length} principals`,
  ),
);

describe.each(["stranger", "removed member", "space token of another space"])("a %s", (name) => {
  it.each(ruled)("$id: is told that there is nothing, as of what does not exist", async (listed) => {
    const [there, missing] = [await walk(name, asked(listed)), await walk(name, nowhere(listed))];
    expect(there.status, JSON.stringify(there.body)).toBe(404);
    expect(seen(there)).toEqual(seen(missing));
  });
});

describe.each(["viewer", "editor", "admin"] as const)("a member who is %s", (role: Role) => {
  const refused = ruled.filter(({ operation }) => !allows(role, operation.spec.access.rule));
  it.each(refused)("$id: is refused by role", async (listed) => {
    const { rule } = listed.operation.spec.access;
    expect(await walk(role, asked(listed))).toMatchObject({
      status: 403,
      body: { error: { details: { reason: "role", permission: rule } } },
    });
  });

  const reads = ruled.filter(
    ({ operation }) => allows(role, operation.spec.access.rule) && operation.method === "GET" && operation.kind === "json",
  );
  it.each(reads)("$id: is let in", async (listed) => {
    expect((await walk(role, asked(listed))).status).toBe(200);
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
  // A recipe is named by a word, not by an id.
  const reads = publicOperations.filter(
    ({ id, operation: { method, kind, spec } }) =>
      id !== "recipes.read" && method === "GET" && kind === "json" && spec.access.by !== "anyone",
  );
  it.each(reads)("$id: is answered", async (listed) => {
    walked++;
    const sent = listed.operation.spec.access.by === "session" ? principals.browser : api.call;
    const { status, body } = await send(sent as Call, asked(listed));
    // Questions about an app or a device that asks nothing now.
    const expected = listed.id.startsWith("oauthConsent.") ? [200, 400] : [200];
    expect(expected, JSON.stringify(body)).toContain(status);
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
