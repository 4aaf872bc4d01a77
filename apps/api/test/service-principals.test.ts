import { startApi, type TestApi } from "@takosumi/testkit/api";
import { type Call, caller } from "@takosumi/testkit/call";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { refused, module as source } from "./deploy.ts";
import { asApp, posted, type Registered, registeredClient } from "./oauth.ts";
import { type Person, person, spaceOf } from "./people.ts";

let api: TestApi;
let owner: Person;
/** Of whoever wrote the program: nobody in the spaces that add it. */
let maker: Person;
beforeAll(async () => {
  api = await startApi();
  [owner, maker] = [await person(api), await person(api)];
});
afterAll(() => api?.close());

const scope = "spaces:write run:plan";
const service = (given: object = {}) =>
  registeredClient(maker.call, { client_name: "Nightly", redirect_uris: [], grant_types: ["client_credentials"], scope, ...given });
async function signedIn({ client_id, client_secret = "" }: Registered, asked = scope): Promise<Call> {
  const fields = { grant_type: "client_credentials", scope: asked, client_id, client_secret };
  return asApp(api.url, (await posted(api.url, "/oauth/token", fields)).body.access_token);
}
const add = (space: string, { client_id: username }: Pick<Registered, "client_id">, role = "editor") =>
  owner.call("POST", `/api/spaces/${space}/members`, { body: { username, role } });
const members = async (space: string): Promise<string[]> =>
  (await owner.call("GET", `/api/spaces/${space}/members`)).body.members.map(({ username }: { username: string }) => username);
/** A plan of the service that no runner takes. */
async function queued(app: Call, workspace_id: string): Promise<string> {
  const { project } = (await app("POST", "/api/projects", { body: { workspace_id, name: `p-${Date.now()}` } })).body;
  const { capsule } = (await app("POST", "/api/capsules", { body: { project_id: project.id, name: "c", source } })).body;
  return (await app("POST", "/api/runs", { body: { kind: "plan", capsule_id: capsule.id } })).body.run.id;
}
const statusOf = async (run: string) => (await owner.call("GET", `/api/runs/${run}`)).body.run.status;
const manage = ({ registration_access_token: token, client_id }: Registered, method: string, body?: object) =>
  caller(api.url, token)(method, `/oauth/register/${client_id}`, body ? { body: { ...body, client_id } } : {});

describe("a client's service", () => {
  it("works in the space that added it, as what it was added, and nowhere else", async () => {
    const program = await service();
    const app = await signedIn(program);
    const [space, other] = [await spaceOf(owner, "Adds it"), await spaceOf(owner, "Does not")];
    const list = (call: Call, at: string) => call("GET", `/api/projects?workspace_id=${at}`);
    const nothing = await list(app, "ws_01jd4r6m3xk8q2v7n5t9c0hbwe");
    expect(await list(app, space.id)).toMatchObject({ status: 404, body: nothing.body });
    expect(await add(space.id, program)).toMatchObject({
      status: 201,
      body: { member: { username: program.client_id, kind: "service", name: "Nightly", role: "editor" } },
    });
    expect(await statusOf(await queued(app, space.id))).toBe("queued");
    for (const at of [other.id, maker.workspace_id, owner.workspace_id, "me"])
      expect(await list(app, at)).toMatchObject({ status: 404, body: nothing.body });
    for (const path of ["/api/me", "/api/spaces", "/api/me/oauth/clients"]) refused(await app("GET", path), 403, "person_required");
    refused(await app("POST", `/api/spaces/${space.id}/members`, { body: { username: owner.username, role: "viewer" } }), 403, "role");
    const reading = await signedIn(await rescoped(program, "spaces:read"), "spaces:read");
    expect((await list(reading, space.id)).status).toBe(200);
    refused(await reading("POST", "/api/projects", { body: { workspace_id: space.id, name: "no" } }), 403, "scope");
    await owner.call("PATCH", `/api/spaces/${space.id}/members/${program.client_id}`, { body: { role: "viewer" } });
    refused(await app("POST", "/api/projects", { body: { workspace_id: space.id, name: "no" } }), 403, "role");
  });
  const rescoped = async (program: Registered, asked: string) => {
    await maker.call("PATCH", `/api/me/oauth/clients/${program.client_id}`, { body: { scope: asked } });
    return program;
  };

  it("is out at once when the space removes it: its calls, its stream, and what waits of it", async () => {
    const program = await service();
    const app = await signedIn(program);
    const fields = { grant_type: "client_credentials", client_id: program.client_id, client_secret: program.client_secret ?? "" };
    const { access_token } = (await posted(api.url, "/oauth/token", fields)).body;
    const [space, other] = [await spaceOf(owner, "Removes it"), await spaceOf(owner, "Keeps it")];
    for (const at of [space, other]) await add(at.id, program);
    const run = await queued(app, space.id);
    const stream = await fetch(`${api.url}/api/runs/sse?workspace_id=${space.id}`, {
      headers: { authorization: `Bearer ${access_token}` },
    });
    expect(stream.status).toBe(200);
    expect((await owner.call("DELETE", `/api/spaces/${space.id}/members/${program.client_id}`)).body).toEqual({ success: true });
    expect((await app("GET", `/api/runs/${run}`)).status).toBe(404);
    await stream.text();
    expect(await statusOf(run)).toBe("cancelled");
    expect([(await members(space.id)).length, (await members(other.id)).includes(program.client_id)]).toEqual([1, true]);
    expect((await app("GET", `/api/projects?workspace_id=${other.id}`)).status).toBe(200);
  });

  it.each([
    ["its owner revokes the client", (program: Registered) => maker.call("DELETE", `/api/me/oauth/clients/${program.client_id}`), true],
    ["the client ends its registration", (program: Registered) => manage(program, "DELETE"), true],
    [
      "the client no longer asks for such tokens",
      (program: Registered) =>
        manage(program, "PUT", { client_name: "Nightly", redirect_uris: ["https://app.example.com/callback"], scope }),
      false,
    ],
  ])("is a member of nothing once %s", async (_, ending, ended) => {
    const program = await service();
    const app = await signedIn(program);
    const spaces = [await spaceOf(owner, "One"), await spaceOf(owner, "Two")];
    const gone = await spaceOf(owner, "Deleted for now");
    for (const { id } of [...spaces, gone]) await add(id, program);
    expect((await owner.call("DELETE", `/api/spaces/${gone.id}`)).status).toBe(200);
    const runs = await Promise.all(spaces.map(({ id }) => queued(app, id)));
    expect([200, 204]).toContain((await ending(program)).status);
    expect((await app("GET", `/api/projects?workspace_id=${spaces[0]?.id}`)).status).toBe(401);
    expect((await owner.call("POST", `/api/spaces/${gone.id}/restore`)).status).toBe(200);
    for (const { id } of [...spaces, gone]) expect(await members(id)).toEqual([owner.username]);
    for (const run of runs) expect(await statusOf(run)).toBe("cancelled");
    for (const { id } of spaces) {
      const [event] = (await owner.call("GET", `/audit?workspace_id=${id}&action=member.removed`)).body.events;
      expect(event).toMatchObject({ target: { type: "member" }, metadata: { username: program.client_id, role: "editor" } });
    }
    refused(await add(spaces[0]?.id ?? "", program), 404, undefined, "username");
    const fields = { grant_type: "client_credentials", client_id: program.client_id, client_secret: program.client_secret ?? "" };
    expect((await posted(api.url, "/oauth/token", fields)).body.error).toBe(ended ? "invalid_client" : "unauthorized_client");
  });

  it("that ends while spaces add it is in none of them", async () => {
    const spaces = await Promise.all(Array.from({ length: 6 }, (_, i) => spaceOf(owner, `Race ${i}`)));
    for (let round = 0; round < 3; round++) {
      const program = await service();
      const [, ...added] = await Promise.all([
        maker.call("DELETE", `/api/me/oauth/clients/${program.client_id}`),
        ...spaces.map(({ id }) => add(id, program)),
      ]);
      for (const { status } of added) expect([201, 404]).toContain(status);
      for (const { id } of spaces) expect(await members(id)).toEqual([owner.username]);
    }
  });
});
