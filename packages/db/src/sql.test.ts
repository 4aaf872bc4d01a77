import { expect, test } from "vitest";
import { statement } from "./sql.ts";

let names = 0;
const reads = (text: string) => statement(`sql_test_${++names}`, text).reads;

test.each([
  "SELECT 1",
  "  select * from runs",
  "-- Why: an index\nSELECT id FROM runs WHERE id = $1",
  "SELECT updated_at, for_update FROM t",
])("%s may be sent again", (text) => expect(reads(text)).toBe(true));

test.each([
  "INSERT INTO t VALUES (1)",
  "UPDATE t SET a = 1",
  "WITH gone AS (DELETE FROM t RETURNING *) SELECT * FROM gone",
  "SELECT * FROM t FOR UPDATE",
  "SELECT * FROM t FOR NO KEY UPDATE SKIP LOCKED",
  "SELECT * FROM t\nFOR\nSHARE",
  "SELECT pg_notify($1, $2)",
  "SELECT pg_try_advisory_lock(1)",
  "SELECT nextval('s')",
  "SELECT set_config('a', 'b', false)",
])("%s may not", (text) => expect(reads(text)).toBe(false));

test("a name means one statement", () => {
  statement("sql_test_same", "SELECT 1");
  expect(statement("sql_test_same", "SELECT 1").text).toBe("SELECT 1");
  expect(() => statement("sql_test_same", "SELECT 2")).toThrow("Two statements are called sql_test_same");
});

test.each(["", "Upper", "with-dash", "1st", "x".repeat(64)])("%j is no name", (name) =>
  expect(() => statement(name, "SELECT 1")).toThrow("no name"),
);
