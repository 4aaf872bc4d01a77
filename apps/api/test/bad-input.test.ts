import { request } from "node:http";
import { fieldsOf, placeholders } from "@takosumi/contracts/input";
import { startApi, type TestApi } from "@takosumi/testkit/api";
import { browserOf } from "@takosumi/testkit/browser";
import { type Answer, type Call, caller } from "@takosumi/testkit/call";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Listed, publicOperations } from "./operations.ts";
import { bodies, type Holdings, holdings, inline } from "./samples.ts";

let api: TestApi;
let held: Holdings;
let browser: Call;
let cookie: string;
beforeAll(async () => {
  api = await startApi();
  held = await holdings(api.call);
  ({ call: browser, cookie } = await browserOf(api.url, api.token));
});
afterAll(() => api.close());

const refused = (reason: string, path?: string) => ({
  status: 400,
  body: {
    error: {
      code: "BAD_REQUEST",
      message: expect.any(String),
      details: { reason, ...(path !== undefined && { fields: expect.arrayContaining([expect.objectContaining({ path })]) }) },
    },
  },
});
/** The owner, as the operation wants to be asked. */
const ownerOf = ({ operation }: Listed): Call => (operation.spec.access.by === "session" ? browser : api.call);
const pathOf = ({ operation }: Listed) => {
  const at = new Map(operation.spec.access.at.flatMap((one) => Object.entries(one).map(([entity, input]) => [input as string, entity])));
  return operation.path.replace(/:([A-Za-z_]+)/g, (_, name: string) => held[at.get(name) as keyof Holdings] ?? "x");
};
const writing = publicOperations.filter(({ id }) => bodies[id]);
const listing = publicOperations.filter(({ operation }) => "cursor" in fieldsOf(operation.spec.query));
/** Announces a body of so many bytes and sends none of it: the status is the server's word, whatever becomes of a body on its way. */
const announced = ({ operation: { method, spec } }: Listed, path: string, length: number): Promise<number | undefined> =>
  new Promise((resolve, reject) => {
    const who = spec.access.by === "session" ? { cookie, origin: api.url } : { authorization: `Bearer ${api.token}` };
    const headers = { ...who, "content-type": "application/json", "content-length": length };
    const sent = request(api.url + path, { method, headers }, (response) => {
      resolve(response.statusCode);
      sent.destroy();
    });
    sent.on("error", reject);
    sent.flushHeaders();
  });
const given = (listed: Listed) => bodies[listed.id]?.(held) ?? {};

describe("a body", () => {
  it.each(writing)("$id: an unknown key is named", async (listed) => {
    const answer = await ownerOf(listed)(listed.operation.method, pathOf(listed), { body: { ...given(listed), no_such_key: 1 } });
    expect(answer).toMatchObject(refused("invalid", "no_such_key"));
  });

  it.each(writing)("$id: what is not a JSON object is refused", async (listed) => {
    for (const raw of ["[]", "1", "null", '"text"'])
      expect(await ownerOf(listed)(listed.operation.method, pathOf(listed), { raw })).toMatchObject({ status: 400 });
    for (const raw of ["{", "{'a':1}", '{"a":1}x', "\0", '{"a":"\u0001"}', `${'{"a":'.repeat(5_000)}1${"}".repeat(5_000)}`])
      expect(await ownerOf(listed)(listed.operation.method, pathOf(listed), { raw })).toMatchObject({
        status: 400,
        body: { error: { code: "BAD_REQUEST" } },
      });
  });

  it.each(writing)("$id: of another type, too large, or packed is refused", async (listed) => {
    const send = (headers: Record<string, string>, raw: string | Uint8Array<ArrayBuffer>) =>
      ownerOf(listed)(listed.operation.method, pathOf(listed), { raw, headers });
    expect((await send({ "content-type": "text/plain" }, "{}")).status).toBe(415);
    expect((await send({ "content-encoding": "gzip" }, "{}")).status).toBe(415);
    expect(await announced(listed, pathOf(listed), 64 * 1024 * 1024)).toBe(413);
  });

  it("with a NUL byte anywhere is refused, and names where", async () => {
    const bad = "a\0b";
    expect(await api.call("POST", "/api/projects", { body: { name: bad } })).toMatchObject(refused("invalid", "name"));
    expect(await api.call("POST", "/api/secrets", { body: { name: "A", value: bad } })).toMatchObject({ status: 400 });
    const files = { "main.tf": bad };
    expect(
      await api.call("POST", "/api/capsules", { body: { project_id: held.project, name: "nul", source: { kind: "inline", files } } }),
    ).toMatchObject({ status: 400 });
    expect((await api.call("GET", "/api/runs/%00")).status).toBe(400);
    expect((await api.call("GET", "/api/runs?actor_id=%00")).status).toBe(400);
  });

  it.each(["../evil.tf", "/etc/passwd", "a/../../b.tf", "a//b.tf", "./a.tf", "a\\b.tf", ".terraform/x", "a/", "x".repeat(600)])(
    "with the file %j leaves the tree, and is refused",
    async (path) => {
      const source = { kind: "inline", files: { "main.tf": "", [path]: "x" } };
      expect(await api.call("POST", "/api/capsules", { body: { project_id: held.project, name: "escape", source } })).toMatchObject({
        status: 400,
      });
      expect(
        (
          await api.call("POST", "/api/capsules", {
            body: { project_id: held.project, name: "escape", source: inline, module_path: "../x" },
          })
        ).status,
      ).toBe(400);
    },
  );

  it("leaves nothing half-made behind", async () => {
    const before = await api.database.db.prisma.capsules.count();
    const variables = [
      { name: "a", value: "b" },
      { name: "c", secret_id: "sec_unknown" },
    ];
    expect(
      (await api.call("POST", "/api/capsules", { body: { project_id: held.project, name: "half", source: inline, variables } })).status,
    ).toBe(404);
    expect(await api.database.db.prisma.capsules.count()).toBe(before);
  });
});

describe("a query", () => {
  it.each(listing)("$id: a cursor that is not ours and a limit out of bounds are named", async (listed) => {
    for (const cursor of ["x", "%00", "Y2Fw", "eyJpZCI6MX0", "a".repeat(500)])
      expect(await ownerOf(listed)("GET", `${pathOf(listed)}?cursor=${cursor}`)).toMatchObject({
        status: 400,
        body: { error: { code: "BAD_REQUEST", details: { fields: [{ path: "cursor" }] } } },
      });
    expect((await ownerOf(listed)("GET", `${pathOf(listed)}?cursor=${"a".repeat(600)}`)).status).toBe(400);
    for (const limit of ["0", "-1", "101", "1.5", "x", "", "1e9", "NaN"])
      expect(await ownerOf(listed)("GET", `${pathOf(listed)}?limit=${limit}`)).toMatchObject(refused("invalid", "limit"));
  });

  /** A protocol that names no query reads the URL by itself. */
  const parsed = ({ operation: { method, kind, spec } }: Listed) => method === "GET" && (kind !== "protocol" || spec.query !== undefined);
  it.each(publicOperations.filter(parsed))("$id: an unknown parameter is named", async (listed) => {
    expect(await ownerOf(listed)("GET", `${pathOf(listed)}?no_such=1`)).toMatchObject(refused("invalid", "no_such"));
  });
});

describe("a path", () => {
  it("that no route has is 404 in our words; compat and gateway routes do not exist", async () => {
    for (const path of ["/compat/cloudflare/client/v4", "/gateway", "/api/billing", "/api/nothing", "/api/runs/x/y/z"])
      expect(await api.call("GET", path)).toMatchObject({ status: 404, body: { error: { code: "NOT_FOUND" } } });
    expect((await api.call("GET", "/api/runs/%zz")).status).toBe(400);
  });

  it.each(publicOperations.filter(({ operation }) => placeholders(operation.path).length > 0))(
    "$id: an id that is none is refused",
    async (listed) => {
      const { operation } = listed;
      for (const id of ["..%2f..", "a%20b", "x".repeat(200), "%F0%9F%90%99", "'%3B--"]) {
        const { status } = await ownerOf(listed)(
          operation.method,
          operation.path.replace(/:\w+/g, id),
          operation.spec.body ? { body: {} } : {},
        );
        expect([400, 404]).toContain(status);
      }
    },
  );
});

describe("anything at all", () => {
  const leaf = fc.oneof(
    fc.string(),
    fc.string({ unit: "binary" }),
    fc.double(),
    fc.integer(),
    fc.boolean(),
    fc.constant(null),
    fc.constantFrom("ws_x", "me", "plan", "2h", "sha256:x"),
  );
  const value = fc.letrec((tie) => ({
    any: fc.oneof(
      { depthSize: "small" },
      leaf,
      fc.array(tie("any"), { maxLength: 4 }),
      fc.dictionary(fc.string(), tie("any"), { maxKeys: 4 }),
    ),
  })).any;
  const fine = ({ id }: Listed, { status, body }: Answer) => {
    expect(status).toBeLessThan(500);
    if (status < 400) return;
    const ofOauth = typeof body.error === "string";
    if (ofOauth)
      expect(body).toMatchObject({
        error: expect.stringMatching(/^(?:invalid|unsupported|unauthorized)_/),
        error_description: expect.any(String),
      });
    else expect(body).toMatchObject({ error: { code: expect.any(String), message: expect.any(String) } });
    if (ofOauth) expect(id).toMatch(/^oauthServer\./);
  };

  it("in the fields of a body is never our failure", async () => {
    const fields = new Map(writing.map((listed) => [listed.id, Object.keys(fieldsOf(listed.operation.spec.body))]));
    const arbitrary = fc.constantFrom(...writing).chain((listed) =>
      fc.record({
        listed: fc.constant(listed),
        keep: fc.boolean(),
        change: fc.dictionary(fc.constantFrom(...(fields.get(listed.id) ?? []), "other"), value, { maxKeys: 3 }),
      }),
    );
    await fc.assert(
      fc.asyncProperty(arbitrary, async ({ listed, keep, change }) => {
        fine(listed, await ownerOf(listed)(listed.operation.method, pathOf(listed), { body: { ...(keep && given(listed)), ...change } }));
      }),
      { numRuns: 400 },
    );
  });

  it("in path, query and headers is never our failure", async () => {
    const safe = fc.string({ unit: "binary", maxLength: 60 }).map((text) => encodeURIComponent(text.toWellFormed()));
    const header = fc.stringMatching(/^[\x21-\x7e]{0,60}$/);
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...publicOperations), safe, safe, safe, header, async (listed, id, name, text, shown) => {
        const { method, path, spec } = listed.operation;
        const filled = path.replace(/:\w+/g, id || "x");
        const body = spec.body ? { body: given(listed) } : {};
        fine(
          listed,
          await api.call(method, `${filled}?${name}=${text}&limit=${text}&cursor=${text}`, {
            ...body,
            headers: { "idempotency-key": shown, "x-request-id": shown },
          }),
        );
        fine(listed, await caller(api.url, null)(method, filled, { ...body, headers: { authorization: shown } }));
      }),
      { numRuns: 200 },
    );
  });
});
