import { startApi, type TestApi } from "@takosumi/testkit/api";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { fieldPaths, refused } from "./deploy.ts";
import { type Person, person, spaceOf } from "./people.ts";
import { type Holdings, holdings } from "./samples.ts";

let api: TestApi;
let ada: Person;
let eve: Person;
let held: Holdings;
let theirs: Holdings;
beforeAll(async () => {
  api = await startApi();
  [ada, eve] = [await person(api), await person(api)];
  [held, theirs] = [await holdings(ada.call), await holdings(eve.call)];
});
afterAll(() => api.close());

describe("a shortcut", () => {
  const make = (body: object, headers: Record<string, string> = {}) =>
    ada.call("POST", "/api/shortcuts", { body: { name: "s", ...body }, headers });

  it("leads to a Capsule, a connection or an address, and says what that is now", async () => {
    const service = await make({ resourceType: "service", resourceId: held.capsule });
    expect(service).toMatchObject({
      status: 201,
      body: { resource_type: "service", position: 0, service_status: expect.any(String), resource_name: expect.stringMatching(/^c-/) },
    });
    expect((await make({ resourceType: "resource", resourceId: held.connection })).body).toMatchObject({
      resource_type_name: expect.stringMatching(/acme\/any$/),
    });
    const link = (await make({ resourceType: "link", resourceId: "https://example.com/a", icon: "star" })).body;
    const { shortcuts } = (await ada.call("GET", "/api/shortcuts")).body;
    expect(shortcuts.map(({ id }: { id: string }) => id)).toEqual(expect.arrayContaining([service.body.id, link.id]));
    const order = shortcuts.map(({ id }: { id: string }) => id).toReversed();
    expect((await ada.call("POST", "/api/shortcuts/reorder", { body: { order } })).body).toEqual({ success: true });
    expect((await ada.call("GET", "/api/shortcuts")).body.shortcuts.map(({ id }: { id: string }) => id)).toEqual(order);
    expect((await ada.call("PUT", `/api/shortcuts/${link.id}`, { body: { name: "t", icon: null } })).body).toEqual({ success: true });
    expect((await ada.call("GET", "/api/shortcuts")).body.shortcuts.find(({ id }: { id: string }) => id === link.id)).toMatchObject({
      name: "t",
      icon: null,
    });
    expect((await ada.call("DELETE", `/api/shortcuts/${link.id}`)).body).toEqual({ success: true });
    expect((await ada.call("DELETE", `/api/shortcuts/${link.id}`)).status).toBe(404);
  });

  it("to what is foreign or missing is 404, one like the other", async () => {
    for (const [resourceType, foreign] of [
      ["service", theirs.capsule],
      ["resource", theirs.connection],
      ["service", held.connection],
    ]) {
      const one = await make({ resourceType, resourceId: foreign });
      expect(one.status).toBe(404);
      expect(fieldPaths(one)).toEqual(["resourceId"]);
      expect(one.body).toEqual((await make({ resourceType, resourceId: "cap_nothing" })).body);
    }
    const reorder = await ada.call("POST", "/api/shortcuts/reorder", { body: { order: [held.shortcut, theirs.shortcut] } });
    expect(reorder.status).toBe(404);
    expect(fieldPaths(reorder)).toEqual(["order.1"]);
    for (const body of [
      { resourceType: "link", resourceId: "javascript:x" },
      { resourceType: "link", resourceId: "x" },
      { resourceType: "file", resourceId: "x" },
      {},
    ])
      refused(await make(body), 400, "invalid");
  });

  it("is one's own in each space, by header", async () => {
    const space = await spaceOf(eve, "Shortcuts", [ada, "viewer"]);
    const headers = { "x-takos-space-id": space.slug };
    const made = (await make({ resourceType: "link", resourceId: "https://example.com" }, headers)).body;
    expect(made).toMatchObject({ space_id: space.id, user_id: ada.user_id });
    expect((await ada.call("GET", "/api/shortcuts", { headers })).body.shortcuts).toHaveLength(1);
    expect((await eve.call("GET", "/api/shortcuts", { headers })).body.shortcuts).toEqual([]);
    expect((await eve.call("DELETE", `/api/shortcuts/${made.id}`)).status).toBe(404);
    expect((await ada.call("GET", "/api/shortcuts", { headers: { "x-takos-space-id": eve.username } })).status).toBe(404);
    await eve.call("DELETE", `/api/spaces/${space.id}/members/${ada.username}`);
    expect((await ada.call("DELETE", `/api/shortcuts/${made.id}`)).status).toBe(404);
  });
});

describe("shortcut groups", () => {
  const groups = "/api/spaces/me/shortcuts/groups";
  const make = (body: object) => ada.call("POST", groups, { body });

  it("hold items of their space, and their pages and links stand in the sidebar", async () => {
    const items = [
      { type: "service", label: "Web", serviceId: held.capsule },
      { type: "ui", label: "Page", uiPath: "/apps/a" },
      { type: "link", label: "Status", url: "https://status.example.com", icon: "pulse" },
    ];
    const { data } = (await make({ name: "Ops", icon: "gear", items })).body;
    expect(data).toMatchObject({ name: "Ops", icon: "gear", spaceId: held.workspace, items });
    const sidebar = (await ada.call("GET", "/api/spaces/me/sidebar-items")).body.items;
    expect(sidebar.filter(({ extensionId }: { extensionId: string }) => extensionId === data.id)).toEqual([
      { label: "Page", icon: null, path: "/apps/a", extensionId: data.id },
      { label: "Status", icon: "pulse", url: "https://status.example.com", extensionId: data.id },
    ]);
    const added = (
      await ada.call("POST", `${groups}/${data.id}/items`, { body: { type: "link", label: "More", url: "https://example.com" } })
    ).body.data;
    expect((await ada.call("GET", `${groups}/${data.id}`)).body.data.items).toHaveLength(4);
    expect((await ada.call("DELETE", `${groups}/${data.id}/items/${added.id}`)).body).toEqual({ success: true });
    expect((await ada.call("DELETE", `${groups}/${data.id}/items/${added.id}`)).status).toBe(404);
    expect((await ada.call("PATCH", `${groups}/${data.id}`, { body: { items: [], icon: null } })).body.data).toMatchObject({ items: [] });
    expect((await ada.call("DELETE", `${groups}/${data.id}`)).body).toEqual({ success: true });
    expect((await ada.call("GET", `${groups}/${data.id}`)).status).toBe(404);
  });

  it("take nothing foreign, nothing half said, and nothing of an app's", async () => {
    for (const id of [theirs.capsule, "cap_nothing"]) {
      const answer = await make({ name: "g", items: [{ type: "service", label: "l", serviceId: id }] });
      expect(answer.status).toBe(404);
      expect(fieldPaths(answer)).toEqual(["items.0.serviceId"]);
    }
    expect((await make({ name: "g", items: [{ type: "d1", label: "l", resourceId: "any" }] })).status).toBe(404);
    for (const item of [
      { type: "link", label: "l" },
      { type: "link", label: "l", url: "https://a.example", uiPath: "/x" },
      { type: "ui", label: "l", uiPath: "//evil.example" },
      { type: "ui", label: "l", uiPath: "/\\evil" },
    ])
      refused(await make({ name: "g", items: [item] }), 400, "invalid");
    const { data } = (await make({ name: "of an app" })).body;
    await api.database.db.prisma.shortcut_groups.update({ where: { id: data.id }, data: { bundle_deployment_id: "app_1" } });
    expect((await ada.call("GET", `${groups}/${data.id}`)).body.data.bundleDeploymentId).toBe("app_1");
    expect((await ada.call("PATCH", `${groups}/${data.id}`, { body: { name: "x" } })).status).toBe(404);
    expect((await ada.call("DELETE", `${groups}/${data.id}`)).status).toBe(404);
  });

  it("are changed by editors, deleted by admins, seen by all", async () => {
    const [editor, viewer] = [await person(api), await person(api)];
    const space = await spaceOf(ada, "Groups", [editor, "editor"], [viewer, "viewer"]);
    const path = `/api/spaces/${space.id}/shortcuts/groups`;
    refused(await viewer.call("POST", path, { body: { name: "g" } }), 403, "role");
    const { data } = (await editor.call("POST", path, { body: { name: "g" } })).body;
    expect((await viewer.call("GET", path)).body.data).toHaveLength(1);
    refused(await editor.call("DELETE", `${path}/${data.id}`), 403, "role");
    expect((await ada.call("GET", `${groups}/${data.id}`)).status).toBe(404);
    expect((await ada.call("DELETE", `${path}/${data.id}`)).status).toBe(200);
  });
});
