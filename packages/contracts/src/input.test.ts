import fc from "fast-check";
import { expect, test } from "vitest";
import { z } from "zod";
import { anyone } from "./access.ts";
import { get, patch } from "./define.ts";
import { count, entityOf, flag, idOf, opaqueId } from "./fields.ts";
import { gatherer, inputOf, placeholders, type Stray } from "./input.ts";

const operation = patch("/api/repos/:repoId/tree/:ref/*", {
  summary: "",
  access: anyone,
  audit: "none: a test",
  params: z.object({ ref: z.string(), path: z.string() }),
  query: z
    .object({ limit: count(10).default(5), tags: z.array(z.string()).optional() })
    .refine(({ limit }) => limit !== 7, { path: ["limit"], error: "is seven" }),
  headers: z.object({ "if-match": z.string().optional() }),
  body: z
    .strictObject({ name: z.string(), note: z.string().optional() })
    .refine(({ name, note }) => name !== note, { error: "name and note are the same" }),
  output: z.object({}),
});
const schema = inputOf(operation);
const gather = gatherer(operation);
const path = { repoId: "r", ref: "main", "*": "a/b" };
const from = (part: object) => ({ path, query: {}, headers: {}, body: {}, ...part });

test("the names of a path", () => {
  expect(placeholders("/git/:owner/:repo.git/tree/:ref/*")).toEqual(["owner", "repo", "ref", "path"]);
});
test("one flat object, each name from its own place", () => {
  const strays: Stray[] = [];
  const raw = gather(from({ query: { limit: "3", tags: "one" }, headers: { "if-match": "1", cookie: "x" }, body: { name: "n" } }), strays);
  expect(strays).toEqual([]);
  expect(schema.parse(raw)).toEqual({ repoId: "r", ref: "main", path: "a/b", limit: 3, tags: ["one"], "if-match": "1", name: "n" });
});
test("refinements of every part survive", () => {
  const raw = { repoId: "r", ref: "main", path: "p", name: "same", note: "same", limit: 7 };
  expect(
    schema
      .safeParse(raw)
      .error?.issues.map(({ message }) => message)
      .sort(),
  ).toEqual(["is seven", "name and note are the same"]);
});
test("no name from a place that is not its own, whatever is sent", () => {
  const names = fc.constantFrom("repoId", "ref", "path", "limit", "tags", "if-match", "name", "note", "__proto__", "other", "constructor");
  const values = fc.dictionary(names, fc.string());
  fc.assert(
    fc.property(values, values, (query, body) => {
      const strays: Stray[] = [];
      const raw = gather(from({ query, body }), strays);
      expect(Object.getPrototypeOf(raw)).toBe(Object.prototype);
      expect([raw.repoId, raw.ref, raw.path]).toEqual(["r", "main", "a/b"]);
      for (const name of Object.keys(query))
        if (name !== "limit" && name !== "tags") expect(strays.map((stray) => stray.path)).toContain(name);
      for (const name of ["repoId", "ref", "path", "limit", "tags", "if-match", "__proto__"]) {
        if (Object.hasOwn(body, name)) expect(strays.map((stray) => stray.path)).toContain(name);
      }
      expect(raw.limit).toBe(query.limit);
      expect(raw.name).toBe(Object.hasOwn(body, "name") ? body.name : undefined);
    }),
  );
});
test("what no contract may say is refused when it is prepared", () => {
  const given = { summary: "", access: anyone, output: z.object({}) };
  expect(() => inputOf(get("/a/:id", { ...given, query: z.object({ id: z.string() }) }))).toThrow('has "id" twice');
  expect(() => inputOf(get("/a", { ...given, params: z.object({ id: z.string() }) }))).toThrow('no placeholder for "id"');
  expect(() => inputOf(get("/a", { ...given, headers: z.object({ "If-Match": z.string() }) }))).toThrow("lower case");
});
test("an id says what it is of, through every wrapping", () => {
  const wrapped = [idOf("capsule"), idOf("capsule").optional(), idOf("capsule").nullable().default(null)];
  expect(wrapped.map((id) => entityOf(id))).toEqual(["capsule", "capsule", "capsule"]);
  expect(entityOf(opaqueId)).toBeUndefined();
  expect([idOf("run").safeParse("anything-opaque").success, idOf("run").safeParse("../x").success]).toEqual([true, false]);
});
test("numbers and flags of a query: read strictly", () => {
  expect([count(5).parse("5"), flag.parse("false"), flag.parse(true)]).toEqual([5, false, true]);
  for (const wrong of ["6", "0", "1.5", "x", "1e9", "0x10000"]) expect(count(5).safeParse(wrong).success).toBe(false);
  for (const wrong of ["yes", "1", "", 1]) expect(flag.safeParse(wrong).success).toBe(false);
});
