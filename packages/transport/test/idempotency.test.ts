import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { type Running, running } from "./running.ts";

let on: Running;
beforeAll(async () => {
  on = await running();
});
afterAll(() => on.close());
let key = "";
let n = 0;
beforeEach(() => {
  key = `key ${++n}`;
  on.probes.hold = async () => {};
});
const make = (name: string, given: { as?: string; key?: string } = {}) =>
  on.call("POST", "/api/things", {
    as: given.as ?? "editor",
    body: { name, workspace_id: "me" },
    headers: { "idempotency-key": given.key ?? key },
  });

test("the same key and request: the first answer again, made once", async () => {
  const first = await make("a1");
  const before = on.memory.things.size;
  const again = await make("a1");
  expect([again.status, again.text]).toEqual([201, first.text]);
  expect([first.headers.get("idempotency-replayed"), again.headers.get("idempotency-replayed")]).toEqual([null, "true"]);
  expect(on.memory.things.size).toBe(before);
});
test("the order of keys in the body does not matter, and the bare URL is the same operation", async () => {
  await make("a2");
  const other = { method: "POST", headers: { authorization: "Bearer editor", "idempotency-key": key, "content-type": "application/json" } };
  const again = await fetch(`${on.url}/things`, { ...other, body: '{"workspace_id":"me","name":"a2"}' });
  expect(again.headers.get("idempotency-replayed")).toBe("true");
});
test("another request under the same key: 409 with its reason", async () => {
  await make("a3");
  const { status, body } = await make("a4");
  expect([status, body.error.details.reason]).toEqual([409, "idempotency_key_reused"]);
  const elsewhere = await on.call("POST", "/api/things/cap_1/destroy", { as: "owner", headers: { "idempotency-key": key } });
  expect(elsewhere.status).toBe(200);
});
test("keys belong to a principal", async () => {
  await make("a5");
  const { status, body } = await make("a5", { as: "owner" });
  expect([status, body.error.details.reason]).toEqual([409, "name_taken"]);
});
test("an answer that failed is not kept: the request may be sent again", async () => {
  on.memory.failCommit = true;
  expect((await make("a6")).status).toBe(500);
  on.memory.failCommit = false;
  const { status, headers } = await make("a6");
  expect([status, headers.get("idempotency-replayed")]).toEqual([201, null]);
});
test("two at the same time: one makes it, both get its answer", async () => {
  let go = () => {};
  let inside = () => {};
  const entered = new Promise<void>((resolve) => {
    inside = resolve;
  });
  const held = new Promise<void>((resolve) => {
    go = resolve;
  });
  on.probes.hold = () => (inside(), held);
  const first = make("a7");
  await entered;
  const begun = on.memory.log.filter((line) => line === "begin things.create").length;
  const second = make("a7");
  // The second has opened its transaction and waits for the key before the first may go on.
  while (on.memory.log.filter((line) => line === "begin things.create").length === begun) await new Promise(setImmediate);
  go();
  const [one, two] = await Promise.all([first, second]);
  expect([one.status, two.status, two.text]).toEqual([201, 201, one.text]);
  expect([one, two].map(({ headers }) => headers.get("idempotency-replayed"))).toEqual([null, "true"]);
});
test("a key that is none: 400", async () => {
  for (const wrong of ["", "x".repeat(256), "t\tb"]) {
    const { status, body } = await make("a8", { key: wrong });
    expect([status, body.error.details.fields[0].path]).toEqual([400, "idempotency-key"]);
  }
});
test("nobody in particular has no keys: a login is never replayed to somebody else", async () => {
  const login = () => on.call("POST", "/api/login", { body: { to: "/", as: "cookie" }, headers: { "idempotency-key": key } });
  await login();
  expect((await login()).headers.get("idempotency-replayed")).toBeNull();
});
