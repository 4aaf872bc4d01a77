import { allows, needsCaller, type Role, roles } from "@takosumi/contracts/access";
import { createActor, createMember, createToken } from "@takosumi/testkit/actors";
import { startApi, type TestApi } from "@takosumi/testkit/api";
import { browserOf } from "@takosumi/testkit/browser";
import { type Call, caller } from "@takosumi/testkit/call";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { heldBy, locatedAt, refusal, request, type Sent, seen, send, unknown } from "./matrix.ts";
import { idPlaces, type Listed, operations, publicOperations } from "./operations.ts";
import { person, spaceOf } from "./people.ts";
import { bodies, type Holdings, holdings, unique } from "./samples.ts";

let api: TestApi;
let mine: Holdings;
let theirs: Holdings;
let stranger: Call;
let browser: Call;
beforeAll(async () => {
  api = await startApi();
  mine = await holdings(api.call);
  browser = (await browserOf(api.url, api.token)).call;
  const actor = await createActor(api.database.db);
  stranger = caller(api.url, actor.token);
  theirs = await holdings(stranger);
});
afterAll(() => api.close());

/** The owner, as the operation wants to be asked. */
const ownerOf = ({ operation }: Listed): Call => (operation.spec.access.by === "session" ? browser : api.call);

/** Filters on a list that is located by its Workspace: what is not there matches nothing. */
const filters = ["audit.list capsule_id", "audit.list run_id", "oauthAccess.auditLogs client_id"];
const places = publicOperations.flatMap((listed) =>
  idPlaces(listed.operation).map((place) => ({ listed, place, name: `${listed.id} ${place.path.join(".")}` })),
);

/** Of the same shape, and nobody's. */
const unknownOf = (id: string): string => id.replace(/[^_]*$/, (last) => "01jd4r6m3xk8q2v7n5t9c0hbwe".slice(0, last.length));
const at = (path: string, method: string, body?: object, headers = {}): Sent => ({ method, path, body, headers });
/** Where an id stands that no schema calls one: whose it is depends on another field, or it is no row of a Workspace. */
const unspoken: readonly { readonly name: string; readonly theirs: () => string | Promise<string>; readonly sent: (id: string) => Sent }[] =
  [
    ...(["service", "resource"] as const).map((resourceType) => ({
      name: `shortcuts.create resourceId of a ${resourceType}`,
      theirs: () => (resourceType === "service" ? theirs.capsule : theirs.connection),
      sent: (resourceId: string) => at("/api/shortcuts", "POST", { name: "s", resourceType, resourceId }),
    })),
    {
      name: "shortcuts.reorder order.*",
      theirs: () => theirs.shortcut,
      sent: (id) => at("/api/shortcuts/reorder", "POST", { order: [mine.shortcut, id] }),
    },
    {
      name: "shortcutGroups.removeItem itemId",
      theirs: async () => (await group(stranger, "me")).items[0].id,
      sent: (id) => at(`/api/spaces/me/shortcuts/groups/${mine.shortcut_group}/items/${id}`, "DELETE"),
    },
    {
      name: "commonEnv.remove name",
      theirs: async () => {
        await stranger("PUT", "/api/spaces/me/common-env", { body: { name: "THEIRS_", value: "a value" } });
        return "THEIRS_";
      },
      sent: (name) => at(`/api/spaces/me/common-env/${name}`, "DELETE"),
    },
    {
      name: "notifications.read id",
      theirs: async () => (await invitedStranger()).notification,
      sent: (id) => at(`/api/notifications/${id}/read`, "PATCH"),
    },
    ...(["GET", "POST", "DELETE"] as const).map((method) => ({
      name: `invitations ${method} token`,
      theirs: async () => (await invitedStranger()).invitation,
      sent: (id: string) => at(`/api/invitations/${id}`, method, method === "POST" ? {} : undefined),
    })),
    {
      name: "oauthAccess.revoke clientId",
      theirs: () => theirs.oauth_client,
      sent: (id) => at(`/api/me/oauth/consents/${id}`, "DELETE"),
    },
    ...["/api/runs", "/api/audit"].map((path) => ({
      name: `${path} actor_id`,
      theirs: async () => (await stranger("GET", "/api/me/personal-space")).body.space.owner_principal_id,
      sent: (id: string) => at(`${path}?actor_id=${id}`, "GET"),
    })),
  ];
const group = async (call: Call, space: string) => {
  const items = [{ type: "link", label: "l", url: "https://example.com" }];
  return (await call("POST", `/api/spaces/${space}/shortcuts/groups`, { body: { name: "g", items } })).body.data;
};
/** Into a space of somebody else's: theirs to take. */
async function invitedStranger(): Promise<{ readonly invitation: string; readonly notification: string }> {
  const host = await person(api);
  const space = await spaceOf(host, `s ${unique()}`);
  const { username } = (await stranger("GET", "/api/me")).body;
  const { invitation } = (await host.call("POST", `/api/spaces/${space.id}/invitations`, { body: { username, role: "viewer" } })).body;
  const { notifications } = (await stranger("GET", "/api/notifications")).body;
  return { invitation: invitation.id, notification: notifications[0].id };
}

describe("an id of another tenant", () => {
  it.each(places)("$name: answers as one that does not exist", async ({ listed, place, name }) => {
    const foreign = await send(ownerOf(listed), request(listed, mine, place, heldBy(theirs, place.entity)));
    const missing = await send(ownerOf(listed), request(listed, mine, place, unknown(place.entity)));
    expect(seen(foreign)).toEqual(seen(missing));
    if (filters.includes(name)) expect([foreign.status, Object.values(foreign.body)[0]]).toEqual([200, []]);
    else expect(foreign).toMatchObject({ status: 404, body: { error: { code: "NOT_FOUND", details: { fields: expect.any(Array) } } } });
  });

  it.each(unspoken)("$name: answers as one that does not exist", async ({ theirs: id, sent }) => {
    const [foreign, missing] = [await send(api.call, sent(await id())), await send(api.call, sent(unknownOf(await id())))];
    expect(seen(foreign)).toBe(seen(missing));
    // A list that matches nothing; and a notification that is not there is as good as read.
    if (foreign.status === 200) expect([[], true]).toContainEqual(Object.values(foreign.body)[0]);
    else expect(foreign.status, JSON.stringify(foreign.body)).toBe(404);
    const { notifications } = (await stranger("GET", "/api/notifications")).body;
    expect(notifications.filter(({ read_at }: { read_at: string | null }) => read_at !== null)).toEqual([]);
  });

  it("covers every body that an operation takes", () => {
    const missing = publicOperations.filter(({ id, operation }) => operation.spec.body && !bodies[id]).map(({ id }) => id);
    expect(missing).toEqual([]);
    expect(places.length).toBeGreaterThan(100);
    const all = places.length + unspoken.length;
    console.log(`tenant matrix: ${publicOperations.length} operations, ${all} positions of ids, each with a foreign and an unknown one`);
  });
});

const closed = publicOperations.filter(({ operation }) => needsCaller(operation.spec.access));
const ownCredential = publicOperations.filter(({ operation }) => operation.spec.access.rule === "oauth-client");
describe("without a credential that counts", () => {
  it.each(closed)("$id: none is 401, whatever the id", async (listed) => {
    const nobody = caller(api.url, null);
    const answer = await send(nobody, request(listed, mine));
    expect(answer).toMatchObject({ status: 401, body: refusal(listed, "UNAUTHORIZED", "missing") });
    const [place] = idPlaces(listed.operation);
    if (place) expect(seen(await send(nobody, request(listed, mine, place, unknown(place.entity))))).toEqual(seen(answer));
    expect(answer.headers.get("www-authenticate")).toBe("Bearer");
  });

  it.each(ownCredential)("$id: none, or a person's token, is an error of OAuth's own", async (listed) => {
    for (const call of [caller(api.url, null), api.call]) {
      const { operation } = listed;
      const form = { raw: "a=b", headers: { "content-type": "application/x-www-form-urlencoded" } };
      const answer = await call(operation.method, request(listed, mine).path, operation.method === "POST" ? form : {});
      expect(answer).toMatchObject({ body: { error: expect.stringMatching(/^invalid_(?:client|request|token)$/) } });
      expect([400, 401]).toContain(answer.status);
    }
  });

  it("nobody is left out: whoever is not asked who they are is named public", () => {
    const open = publicOperations.filter((one) => !closed.includes(one) && !ownCredential.includes(one));
    expect(open.filter(({ operation }) => operation.spec.access.by !== "anyone")).toEqual([]);
  });

  it.each(operations.filter(({ hidden }) => hidden))(
    "$id: a person's token is 401 at the runner protocol",
    async ({ operation: { method, path } }) => {
      const answer = await api.call(method, path.replace(/:\w+/g, "x"), method === "GET" ? {} : { body: {} });
      expect(answer).toMatchObject({ status: 401 });
    },
  );
});

const ruled = publicOperations.filter(({ operation }) => operation.spec.access.by === "permission");
describe("a member", () => {
  const members = new Map<Role, Promise<Call>>();
  const member = (role: Role): Promise<Call> => {
    const known = members.get(role) ?? createMember(api.database.db, mine.workspace, role).then(({ token }) => caller(api.url, token));
    members.set(role, known);
    return known;
  };
  it.each(ruled)("$id: with a role too low is 403 naming the permission", async (listed) => {
    const { rule } = listed.operation.spec.access;
    const low = (Object.keys(roles) as Role[]).filter((role) => !allows(role, rule)).at(-1) ?? "visitor";
    const place = locatedAt(listed);
    const answer = await send(await member(low), request(listed, mine, place, place && heldBy(mine, place.entity)));
    expect(answer).toMatchObject({ status: 403, body: { error: { code: "FORBIDDEN", details: { reason: "role", permission: rule } } } });
  });

  it.each(ruled)("$id: with a token of other scopes is 403, of another Workspace 404", async (listed) => {
    const { db } = api.database;
    const { rule } = listed.operation.spec.access;
    const owner = await db.prisma.workspaces.findUniqueOrThrow({ where: { id: mine.workspace } });
    const place = locatedAt(listed);
    const sent = request(listed, mine, place, place && heldBy(mine, place.entity));
    const scoped = caller(api.url, await createToken(db, owner.owner_id, { scopes: ["account:read"] }));
    expect(await send(scoped, sent)).toMatchObject({ status: 403, body: { error: { details: { reason: "scope", permission: rule } } } });
    const bound = caller(api.url, await createToken(db, owner.owner_id, { workspace_id: theirs.workspace }));
    expect((await send(bound, sent)).status).toBe(404);
  });
});
