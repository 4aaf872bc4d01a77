import { createHash, randomBytes } from "node:crypto";
import { request } from "node:http";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Running, running } from "./running.ts";

let on: Running;
beforeAll(async () => {
  on = await running();
});
afterAll(() => on.close());
const gzip = { "content-type": "application/gzip" };
const bytes = randomBytes(90_000);
const digest = createHash("sha256").update(bytes).digest("hex");

test("a download: bytes, a name for old and new browsers, and nothing that runs", async () => {
  const { status, text, headers } = await on.call("GET", "/api/things/cap_1/archive", { as: "viewer" });
  expect([status, text, headers.get("content-type")]).toEqual([200, "bytes of first", "application/gzip"]);
  expect(headers.get("content-disposition")).toBe(`attachment; filename="__b.tar.gz"; filename*=UTF-8''%C3%A4%22b.tar.gz`);
  expect(headers.get("x-content-type-options")).toBe("nosniff");
});
test.each(["POST", "PUT"])("an upload by %s arrives whole", async (method) => {
  const { status, body } = await on.call(method, "/api/things/cap_1/archive", { as: "editor", body: bytes, headers: gzip });
  expect([status, body]).toEqual([method === "POST" ? 201 : 200, { size: bytes.length, digest }]);
});
test("of another type, too large by what it says, and too large in fact", async () => {
  const before = on.memory.audit.length;
  const other = await on.call("POST", "/api/things/cap_1/archive", { as: "editor", body: bytes, headers: { "content-type": "image/png" } });
  expect([other.status, other.body.error.details.reason]).toEqual([415, "type"]);
  const said = await on.call("POST", "/api/things/cap_1/archive", { as: "editor", body: randomBytes(100_001), headers: gzip });
  expect([said.status, said.body.error.details]).toEqual([413, { reason: "file", limit: 100_000 }]);
  expect(await chunked(200_000)).toBe(413);
  expect(on.memory.audit.length).toBe(before);
});
test("nobody's bytes are read: 401, 403 and 404 come first", async () => {
  for (const [as, status] of [
    [undefined, 401],
    ["viewer", 403],
    ["stranger", 404],
  ] as const) {
    const answer = await on.call("POST", "/api/things/cap_1/archive", { ...(as && { as }), body: bytes, headers: gzip });
    expect(answer.status).toBe(status);
  }
});
test("an upload that breaks off is not recorded", async () => {
  const before = on.memory.audit.length;
  const rolled = () => on.memory.log.filter((line) => line === "commit").length;
  const commits = rolled();
  await new Promise<void>((resolve) => {
    const sending = request(`${on.url}/api/things/cap_1/archive`, {
      method: "POST",
      headers: { ...gzip, authorization: "Bearer editor", "content-length": "90000" },
    });
    sending.on("error", () => resolve());
    sending.write(bytes.subarray(0, 10_000), () => sending.destroy());
    sending.on("close", () => resolve());
  });
  await on.call("GET", "/healthz");
  expect([on.memory.audit.length, rolled()]).toEqual([before, commits]);
});

/** Sends without a Content-Length, in pieces; the status that comes back. */
const chunked = (size: number) =>
  new Promise<number>((resolve, reject) => {
    const sending = request(
      `${on.url}/api/things/cap_1/archive`,
      { method: "POST", headers: { ...gzip, authorization: "Bearer editor" } },
      (response) => {
        response.resume();
        resolve(response.statusCode ?? 0);
      },
    );
    sending.on("error", reject);
    for (let sent = 0; sent < size; sent += 20_000) sending.write(randomBytes(20_000));
    sending.end();
  });

test("a protocol speaks for itself, with input parsed from path and query", async () => {
  const refs = await on.call("GET", "/git/acme/web.git/info/refs?service=git-upload-pack");
  expect([refs.status, refs.text, refs.headers.get("content-type")]).toEqual([200, "acme/web git-upload-pack", "application/x-git"]);
  expect(refs.headers.get("x-request-id")).toMatch(/^req_/);
  expect((await on.call("GET", "/git/acme/web.git/info/refs?service=other")).status).toBe(400);
  const closed = await on.call("GET", "/git/acme/closed.git/info/refs?service=git-upload-pack");
  expect([closed.status, closed.body.error.code]).toEqual([401, "UNAUTHORIZED"]);
});
test("a protocol's write commits at once, with its audit event", async () => {
  const pushed = await on.call("POST", "/git/acme/web.git/push", { body: bytes, headers: { "content-type": "application/x-git" } });
  expect(pushed.text).toBe("web took 90000");
  expect(on.memory.audit.at(-1)).toMatchObject({
    action: "repo.pushed",
    target: { type: "repo", id: "repo_1" },
    metadata: { size: 90_000 },
  });
});
test("forms, and the verbs of a protocol", async () => {
  const form = { "content-type": "application/x-www-form-urlencoded" };
  expect((await on.call("POST", "/oauth/token", { body: "grant_type=code&code=a%2Bb", headers: form })).body).toEqual({ code: "a+b" });
  const refused = await on.call("POST", "/oauth/token", { body: "grant_type=code&code=a&code=b", headers: form });
  expect([refused.status, refused.body]).toEqual([400, { error: "invalid_request", error_description: expect.stringMatching(/^code: /) }]);
  expect(refused.headers.get("x-request-id")).toMatch(/^req_/);
  expect((await on.call("POST", "/oauth/token", { body: "grant_type=code&code=a&__proto__=b", headers: form })).status).toBe(400);
  expect((await on.call("PUT", "/dav/a", { body: "1234", headers: { "content-type": "text/plain" } })).text).toBe("put 4");
  expect((await on.call("DELETE", "/dav/a")).text).toBe("deleted a");
});
