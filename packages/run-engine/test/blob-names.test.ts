import { statement } from "@takosumi/db/sql";
import { testDatabase } from "@takosumi/testkit/database";
import { afterAll, beforeAll, expect, test } from "vitest";
import { namedBlobs, namingColumns } from "../src/blob-names.ts";

let database: Awaited<ReturnType<typeof testDatabase>>;
beforeAll(async () => {
  database = await testDatabase();
});
afterAll(() => database.drop());

/** Digests that name no blob, and what they are of. Whatever else is called a digest is one of `namingColumns`, or its blobs are removed. */
const otherDigests: Readonly<Record<string, string>> = {
  "approvals.plan_digest": "the plan that was approved, which its Run names",
  "audit_events.before_digest": "a row before a change",
  "audit_events.after_digest": "a row after it",
  "runs.base_digest": "a state that a StateVersion names",
  "runs.log_digest": "the text of a whole log",
  "runs.provider_lock_digest": "a file inside the work snapshot",
  "runs.tool_digest": "the binary of a tool",
  "runs.variable_set_digest": "variables",
  "runs.work_tree_digest": "an unpacked tree",
  "sources.digest": "a source snapshot, which names the blob",
};

const columns = statement(
  "test_digest_columns",
  `SELECT table_name || '.' || column_name AS name FROM information_schema.columns
   WHERE table_schema = 'public' AND column_name LIKE '%digest%' ORDER BY 1`,
);

test("every column of a digest says whether it names a blob", async () => {
  const found = (await database.db.query<{ name: string }>(columns)).map(({ name }) => name);
  const said = [...namingColumns.map(({ table, column }) => `${table}.${column}`), ...Object.keys(otherDigests)];
  expect(found.toSorted()).toEqual(said.toSorted());
});

test.each([...new Set(namingColumns.map(({ kind }) => kind))])("the names of %s blobs are found", async (kind) => {
  expect(await namedBlobs(database.db, kind, "ws_none", ["sha256:none"])).toEqual(new Set());
});
