import { statement } from "@takosumi/db/sql";
import { expect, test } from "vitest";
import { testDatabase } from "../src/database.ts";

const put = statement("testkit_put", "INSERT INTO instance_settings (name, value) VALUES ('testkit', '1')");
const get = statement("testkit_get", "SELECT name FROM instance_settings");

test("each database is migrated, empty and nobody else's", async () => {
  const [one, other] = await Promise.all([testDatabase(), testDatabase()]);
  await one.db.query(put);
  expect(await one.db.query(get)).toHaveLength(1);
  expect(await other.db.query(get)).toEqual([]);
  await Promise.all([one.drop(), other.drop()]);
});

test("a dropped database is gone", async () => {
  const { url, drop } = await testDatabase();
  await drop();
  const { openDb } = await import("@takosumi/db/db");
  await expect(openDb({ url })).rejects.toMatchObject({ code: "3D000" });
});
