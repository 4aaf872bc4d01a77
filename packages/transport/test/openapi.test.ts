import { errorStatus } from "@takosumi/contracts/errors";
import { placeholders } from "@takosumi/contracts/input";
import { inRouter } from "@takosumi/contracts/router";
import { afterAll, beforeAll, expect, test } from "vitest";
import { braced, errorsOf } from "../src/openapi.ts";
import { families } from "./probe.ts";
import { type Running, running } from "./running.ts";

let on: Running;
let document: any;
beforeAll(async () => {
  on = await running();
  document = (await on.call("GET", "/openapi.json")).body;
});
afterAll(() => on.close());
const shown = [families.things, families.account, families.wire];
const of = (path: string, method: string) => document.paths[path][method];

test("every operation that is not hidden, under its /api path, with a name of its own", () => {
  const expected = shown.flatMap((family) =>
    Object.entries(family.operations).map(([name, { method, path }]) => [`${family.name}.${name}`, `${method} ${braced(path)}`]),
  );
  const found = Object.entries<object>(document.paths).flatMap(([path, item]) =>
    Object.entries<{ operationId: string }>(item as never).map(([method, { operationId }]) => [
      operationId,
      `${method.toUpperCase()} ${path}`,
    ]),
  );
  expect(found.sort()).toEqual(expected.sort());
  expect(document.openapi).toBe("3.1.1");
  expect(JSON.stringify(document)).not.toContain("/api/machine");
});
test("every path parameter, every error and every success of every operation", () => {
  for (const family of shown) {
    for (const operation of Object.values(family.operations)) {
      const { parameters = [], responses } = of(braced(operation.path), operation.method.toLowerCase());
      const inPath = parameters.filter((parameter: { in: string }) => parameter.in === "path").map(({ name }: { name: string }) => name);
      expect(inPath.sort()).toEqual(placeholders(operation.path).sort());
      for (const code of operation.kind === "protocol" ? [] : errorsOf(operation))
        expect(responses[errorStatus[code]].$ref).toBe(`#/components/responses/${code}`);
      const spec = operation.spec as { reply?: { statuses?: number[] }; status?: number };
      const statuses = operation.kind === "socket" ? [101] : (spec.reply?.statuses ?? [spec.status ?? 200]);
      expect(Object.keys(responses)).toEqual(expect.arrayContaining(statuses.map(String)));
    }
  }
});
test("the vocabulary: bodies, examples, headers, keys, bytes, streams, plain text, permissions", () => {
  const create = of("/api/things", "post");
  expect(create.requestBody.content["application/json"].examples.example1).toEqual({ summary: "A thing", value: { name: "first" } });
  expect(create.description).toBe("It is **made**.\n\nNeeds the permission `capsule:write`.");
  expect([create["x-permission"], create.security]).toEqual(["capsule:write", [{ bearer: [] }]]);
  expect(create.parameters.map(({ in: place, name }: { in: string; name: string }) => `${place} ${name}`)).toEqual([
    "header idempotency-key",
  ]);
  const nested = create.requestBody.content["application/json"].schema.properties.nested.properties.secret_id;
  expect(nested).toMatchObject({ "x-entity": "secret", description: "The id of a secret (`sec_…`)" });
  expect(of("/api/things/{id}", "get").parameters[0].schema["x-entity"]).toBe("capsule");
  const update = of("/api/things/{id}", "patch");
  expect(Object.keys(update.responses[200].headers)).toEqual(["etag"]);
  expect(update.responses[204].content).toBeUndefined();
  expect(update.parameters.find(({ in: place }: { in: string }) => place === "header")).toMatchObject({ name: "if-match", required: true });
  expect(Object.keys(of("/api/things/{id}/logs", "get").responses[200].content)).toEqual(["application/json", "text/plain"]);
  expect(Object.keys(of("/api/things/{id}/sse", "get").responses[200].content)).toEqual(["text/event-stream"]);
  expect(Object.keys(of("/api/things/{id}/archive", "post").requestBody.content)).toEqual(["application/gzip"]);
  expect(of("/healthz", "get").security).toEqual([{}, { bearer: [] }]);
  const limited = of("/oauth/token", "post").responses[429];
  expect([Object.keys(limited.headers), limited.content["application/json"].schema.$ref]).toEqual([
    ["retry-after"],
    "#/components/schemas/OauthError",
  ]);
  expect(document.tags).toContainEqual({ name: "things", description: "Probes." });
  expect(Object.keys(document.components.schemas).sort()).toEqual(["Error", "OauthError", "Thing"]);
  expect(document.components.securitySchemes.bearer.scheme).toBe("bearer");
});
test("each code has one answer, with an example that is one", () => {
  const { CONFLICT, RATE_LIMITED } = document.components.responses;
  expect(CONFLICT.content["application/json"]).toMatchObject({
    schema: { $ref: "#/components/schemas/Error" },
    example: { error: { code: "CONFLICT", details: { reason: "name_taken" } } },
  });
  expect(RATE_LIMITED.headers).toHaveProperty("retry-after");
});
test("the document resolves: no reference leads nowhere", () => {
  const references = [...JSON.stringify(document).matchAll(/"#\/components\/(\w+)\/([^"]+)"/g)];
  expect(references.length).toBeGreaterThan(20);
  for (const [, kind, name] of references) expect(document.components[kind as string]).toHaveProperty(name as string);
});
test("the reference at /docs brings its own script and asks nobody else", async () => {
  const page = await fetch(`${on.url}/docs`);
  const html = await page.text();
  expect([page.status, page.url]).toEqual([200, `${on.url}/docs/`]);
  const scripts = [...html.matchAll(/src="([^"]+)"/g)].map(([, src]) => new URL(src as string, page.url));
  expect(scripts.length).toBeGreaterThan(0);
  for (const script of scripts) {
    expect(script.origin).toBe(on.url);
    expect((await fetch(script)).headers.get("content-type")).toContain("javascript");
  }
  expect(html).toContain("/openapi.json");
  expect([...html.matchAll(/https?:\/\/[^"'\s]+/g)].map(([url]) => url)).toEqual([]);
});
test("the tRPC router has what the document's JSON and event operations are", () => {
  const procedures = Object.keys((on.served.router as unknown as { _def: { procedures: object } })._def.procedures).sort();
  const expected = shown.flatMap((family) =>
    Object.entries(family.operations)
      .filter(([, operation]) => inRouter(operation))
      .map(([name]) => `${family.name}.${name}`),
  );
  expect(procedures).toEqual(expected.sort());
});
