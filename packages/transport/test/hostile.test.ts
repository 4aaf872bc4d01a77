import { connect } from "node:net";
import { errorStatus } from "@takosumi/contracts/errors";
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Called, type Running, running } from "./running.ts";

let on: Running;
beforeAll(async () => {
  on = await running();
});
afterAll(() => on.close());
const post = (body: unknown, headers: Record<string, string> = {}) => on.call("POST", "/api/things", { as: "editor", body, headers });
const get = (path: string) => on.call("GET", path, { as: "viewer" });
const refused = ({ status, body }: Called) => {
  expect(errorStatus[body.error.code as keyof typeof errorStatus]).toBe(status);
  return [status, (body.error.details?.fields ?? []).map(({ path }: { path: string }) => path)];
};

test.each([
  ["an unknown key", { name: "x", colour: "red" }, ["colour"]],
  ["an unknown key deep inside", { name: "x", nested: { secret_id: "sec_1", more: 1 } }, ["nested.more"]],
  ["another type", { name: 5 }, ["name"]],
  ["nothing", {}, ["name"]],
  ["a refinement", { name: "forbidden" }, ["name"]],
  ["NUL in a string", { name: "a\0b" }, ["name"]],
  ["NUL in JSON that nobody constrains", { name: "x", any: { deep: ["a\0"] } }, ["any.deep.0"]],
  ["half a surrogate pair", '{"name":"\\ud800"}', ["name"]],
  ["__proto__", '{"name":"x","__proto__":{"admin":true}}', ["__proto__"]],
  ["__proto__ deep inside", '{"name":"x","any":{"a":{"__proto__":1}}}', ["any.a.__proto__"]],
  ["deep nesting", `{"name":"x","any":${"[".repeat(5_000)}${"]".repeat(5_000)}}`, [expect.stringMatching(/^any(\.0)+\.?…$/)]],
  ["an id of no shape", { name: "x", nested: { secret_id: "../../etc" } }, ["nested.secret_id"]],
  ["an array", [1, 2], [""]],
  ["a string", '"text"', [""]],
  ["null", "null", [""]],
])("a body with %s: 400 that says where", async (_, body, paths) => {
  expect(refused(await post(body))).toEqual([400, expect.arrayContaining(paths as string[])]);
});
test.each([
  ["broken JSON", '{"name": "se'],
  ["a second value", "{} {}"],
  ["bytes that are not UTF-8", new Uint8Array([0x7b, 0x22, 0xff, 0x22, 0x7d])],
])("%s: 400, without repeating what was sent", async (_, body) => {
  const answer = await post(body);
  expect([refused(answer)[0], answer.body.error.details.reason, answer.text.includes("se\\")]).toEqual([400, "malformed", false]);
});
test("sizes: a body within the limit is read, one beyond it is 413", async () => {
  expect((await post({ name: "fits", any: "x".repeat(2_000_000) })).status).toBe(201);
  expect(refused(await post({ name: "x", any: "x".repeat(2_200_000) }))[0]).toBe(413);
  const larger = await on.call("POST", "/api/machine/claim", { as: "runner", body: { slots: 1, any: "x".repeat(3_000_000) } });
  expect(refused(larger)).toEqual([400, ["any"]]);
});
test("types of content: only plain JSON", async () => {
  for (const type of [
    "text/plain",
    "application/x-www-form-urlencoded",
    "multipart/form-data; boundary=x",
    "application/jsonx",
    "nonsense",
  ]) {
    expect(refused(await post("{}", { "content-type": type }))[0]).toBe(415);
  }
  expect(refused(await post("{}", { "content-encoding": "gzip" }))[0]).toBe(415);
  expect((await post('{"name":"typed"}', { "content-type": "application/json; charset=utf-8" })).status).toBe(201);
});
test.each([
  ["/api/things?colour=red", ["colour"]],
  ["/api/things?limit=0", ["limit"]],
  ["/api/things?limit=9999999999", ["limit"]],
  ["/api/things?limit=ten", ["limit"]],
  ["/api/things?limit=1&limit=2", ["limit"]],
  ["/api/things?only=maybe", ["only"]],
  ["/api/things?cursor=a%00b", ["cursor"]],
  ["/api/things?tag=a%00", ["tag.0"]],
  ["/api/things?__proto__=1", ["__proto__"]],
  ["/api/things?tag=%ff", [""]],
  ["/api/things?tag=%", [""]],
  [`/api/things?${"tag=1&".repeat(200)}`, [""]],
  ["/api/things/%2e%2e%2fx", ["id"]],
  ["/api/things/a%00b", ["id"]],
  [`/api/things/${"x".repeat(129)}`, ["id"]],
  ["/api/things/repo_public/files/7/a%00b", ["path"]],
  ["/api/things/repo_public/files/x/a", ["ref"]],
])("GET %s: 400 that says where", async (path, paths) => {
  expect(refused(await get(path))).toEqual([400, paths]);
});
test("broken percent-encoding in a path, and a path without end", async () => {
  expect(refused(await get("/api/things/%zz"))[0]).toBe(400);
  expect(refused(await get(`/api/things/${"x".repeat(10_000)}`))[0]).toBe(400);
});
test("a body never takes what belongs to the query, nor a query what belongs to the body", async () => {
  expect(refused(await on.call("POST", "/api/things?name=x", { as: "editor", body: {} }))).toEqual([400, ["name", "name"]]);
  expect(refused(await on.call("DELETE", "/api/things/cap_1", { as: "editor", body: { force: true } }))).toEqual([400, ["force"]]);
  expect(
    refused(await on.call("PATCH", "/api/things/cap_1", { as: "editor", body: { id: "cap_2", name: "x", "if-match": "1" } }))[1],
  ).toContain("id");
});
test("a foreign place: the one that is needed is named", async () => {
  expect(refused(await get("/api/things?project_id=prj_1"))).toEqual([404, ["project_id"]]);
});
test("what is not HTTP gets an answer in the envelope too", async () => {
  const answer = await new Promise<string>((resolve) => {
    const socket = connect(on.port, "127.0.0.1", () => socket.write("GARBAGE\r\n\r\n"));
    let text = "";
    socket.on("data", (chunk) => (text += chunk));
    socket.on("close", () => resolve(text));
  });
  expect(answer).toMatch(/^HTTP\/1\.1 400 Bad Request\r\n/);
  expect(JSON.parse(answer.split("\r\n\r\n")[1] ?? "").error.code).toBe("BAD_REQUEST");
});
test("whatever JSON comes: an envelope, never a 5xx, and nothing half-made", async () => {
  await fc.assert(
    fc.asyncProperty(fc.oneof(fc.jsonValue({ maxDepth: 4 }), fc.record({ name: fc.jsonValue(), any: fc.jsonValue() })), async (value) => {
      const before = on.memory.things.size;
      const { status, body } = await post(JSON.stringify(value));
      expect(status === 201 ? body.thing.name : errorStatus[body.error.code as "BAD_REQUEST"]).toBe(
        status === 201 ? (value as { name: string }).name : status,
      );
      expect(on.memory.things.size).toBe(status === 201 ? before + 1 : before);
      expect(status).toBeLessThan(500);
    }),
    { numRuns: 150 },
  );
});
test("whatever path and query come: never a 5xx", async () => {
  const part = fc.string({ unit: "binary", maxLength: 30 });
  await fc.assert(
    fc.asyncProperty(part, part, fc.boolean(), async (path, query, coded) => {
      const code = (text: string) =>
        coded ? encodeURIComponent(text.toWellFormed()) : encodeURI(text.toWellFormed()).replace(/%25/g, "%");
      const url = `/api/things/${code(path)}?${code(query)}`;
      if (!URL.canParse(url, on.url)) return;
      expect((await get(url)).status).toBeLessThan(500);
    }),
    { numRuns: 150 },
  );
});
