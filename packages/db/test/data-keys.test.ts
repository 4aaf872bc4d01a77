import { afterAll, beforeAll, expect, test } from "vitest";
import { dataKeyStore } from "../src/data-keys.ts";
import { statement } from "../src/sql.ts";
import { testDatabase } from "./database.ts";

let database: Awaited<ReturnType<typeof testDatabase>>;
beforeAll(async () => {
  database = await testDatabase();
});
afterAll(() => database.drop());

const key = (id: string, workspace: string) => ({ id, workspace, master_key_id: "mk_1", wrapped: `wrapped ${id}`, closed: false });
const retire = statement("test_key_retire", "UPDATE data_keys SET retired_at = now() WHERE id = $1");

test("a key is found by its Workspace and by its id", async () => {
  const store = dataKeyStore(database.db);
  expect(await store.current("ws_a")).toBeNull();
  expect(await store.byId("dk_a")).toBeNull();
  expect(await store.insert(key("dk_a", "ws_a"))).toEqual(key("dk_a", "ws_a"));
  expect(await store.current("ws_a")).toEqual(key("dk_a", "ws_a"));
  expect(await store.byId("dk_a")).toEqual(key("dk_a", "ws_a"));
});

test("of many first keys at once one is kept, and everybody gets that one", async () => {
  const store = dataKeyStore(database.db);
  const made = await Promise.all(Array.from({ length: 20 }, (_, i) => store.insert(key(`dk_race_${i}`, "ws_race"))));
  expect(new Set(made.map((one) => one?.id)).size).toBe(1);
  expect(await store.current("ws_race")).toEqual(made[0]);
});

test("a retired key still opens, and no longer seals", async () => {
  const store = dataKeyStore(database.db);
  await store.insert(key("dk_old", "ws_rotate"));
  await database.db.query(retire, ["dk_old"]);
  expect(await store.current("ws_rotate")).toBeNull();
  expect(await store.insert(key("dk_new", "ws_rotate"))).toEqual(key("dk_new", "ws_rotate"));
  expect(await store.byId("dk_old")).toEqual(key("dk_old", "ws_rotate"));
});

test("an id that is taken is an error, never another Workspace's key", async () => {
  const store = dataKeyStore(database.db);
  await store.insert(key("dk_taken", "ws_first"));
  await expect(store.insert(key("dk_taken", "ws_second"))).rejects.toMatchObject({ name: "UniqueViolation", constraint: "data_keys_pkey" });
});
