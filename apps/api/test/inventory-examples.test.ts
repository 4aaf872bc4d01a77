import { Validator } from "@seriousme/openapi-schema-validator";
import type { Operation } from "@takosumi/contracts/define";
import { exampleOf } from "@takosumi/contracts/example";
import { families } from "@takosumi/contracts/families";
import { openApiOf } from "@takosumi/transport/openapi";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { publicOperations } from "./operations.ts";

const answered = ({ spec, kind }: Operation) => (kind === "json" || kind === "upload" ? spec.output : spec.emits);
const answering = publicOperations.filter(({ operation }) => operation.spec.status !== 204 && answered(operation));
const taking = publicOperations.filter(({ operation }) => operation.spec.body);

describe("the examples of the document", () => {
  it.each(answering)("$id: what it answers", ({ operation }) => {
    const schema = answered(operation) as z.core.$ZodType;
    const silent: string[] = [];
    const example = exampleOf(schema, silent);
    expect(silent, 'say examples of these in the schema\'s meta: .meta({ id: "Project", examples: [projectExample] })').toEqual([]);
    const parsed = z.safeParse(schema, example);
    expect(parsed.error && z.prettifyError(parsed.error)).toBeUndefined();
    expect(parsed.data).toEqual(example);
  });

  it.each(taking)("$id: what it takes", ({ operation: { spec } }) => {
    expect(spec.examples?.length ?? 0, "say `examples: [{ summary, value }]` in the operation").toBeGreaterThan(0);
    for (const { summary, value } of spec.examples ?? []) {
      const parsed = z.safeParse(spec.body as z.core.$ZodType, value);
      expect(parsed.error && `${summary}: ${z.prettifyError(parsed.error)}`).toBeUndefined();
    }
  });
});

describe("the document", () => {
  const document = openApiOf(families, { title: "Takosumi", version: "1" });

  it("is valid OpenAPI 3.1", async () => {
    const { valid, errors } = await new Validator().validate({ ...structuredClone(document) });
    expect(errors ?? []).toEqual([]);
    expect(valid).toBe(true);
  });

  it("leads from what an operation makes to what takes its id", () => {
    const made = document.paths?.["/api/capsules"]?.post?.responses?.["201"] as { links: Record<string, object> };
    const parameters = (name: string) => ({ [name]: "$response.body#/capsule/id" });
    expect(made.links["capsules.update"]).toEqual({ operationId: "capsules.update", parameters: parameters("id") });
    expect(made.links["state.list"]).toEqual({ operationId: "state.list", parameters: parameters("capsule_id") });
    expect(made.links["projects.read"]).toBeUndefined();
  });
});
