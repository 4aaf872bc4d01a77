import { mayInject } from "@takosumi/contracts/deploy/env-names";
import { describe, expect, it } from "vitest";
import { exchanges, type Field, type Mode, phases, type Recipe, serves } from "../src/define.ts";
import { recipeOf, recipes } from "../src/registry.ts";

const modes = recipes.flatMap((recipe) => Object.entries<Mode>(recipe.modes).map(([name, mode]) => ({ recipe, name, mode })));

it("finds recipes by id, and what they serve by address", () => {
  expect(new Set(recipes.map(({ id }) => id)).size).toBe(recipes.length);
  expect(recipeOf("aws")?.id).toBe("aws");
  expect(recipeOf("constructor")).toBeUndefined();
  expect(serves(recipeOf("aws") as Recipe, "registry.opentofu.org/hashicorp/aws")).toBe(true);
  expect(serves(recipeOf("aws") as Recipe, "registry.opentofu.org/hashicorp/google")).toBe(false);
  expect(serves(recipeOf("generic-env") as Recipe, "example.com/a/b")).toBe(true);
  expect(phases).toEqual(["plan", "apply"]);
});

it("is data: plain JSON", () => {
  expect(JSON.parse(JSON.stringify(recipes))).toEqual(recipes);
});

describe.each(recipes.map((recipe) => [recipe.id, recipe] as const))("%s", (_, recipe) => {
  it("has a default mode and canonical addresses", () => {
    expect(Object.keys(recipe.modes)).toContain(recipe.defaultMode);
    if (recipe.providers !== "*")
      for (const address of recipe.providers) expect(address).toMatch(/^registry\.opentofu\.org\/[a-z0-9-]+\/[a-z0-9-]+$/);
  });
});

describe.each(modes.map(({ recipe, name, mode }) => [`${recipe.id} ${name}`, mode] as const))("%s", (_, mode) => {
  const fields = Object.entries<Field>(mode.fields);
  const given = new Set([...Object.keys(mode.fields), ...(mode.exchange ? exchanges[mode.exchange].gives : [])]);

  it("injects only what may be injected, from fields and files that it has", () => {
    for (const [variable, source] of Object.entries(mode.env ?? {})) {
      expect(mayInject(variable), variable).toBe(true);
      for (const field of "field" in source ? [source.field, source.plan].filter((name) => name !== undefined) : [])
        expect([...given]).toContain(field);
      if ("file" in source) expect(Object.keys(mode.files ?? {})).toContain(source.file);
    }
    const files = [...Object.entries(mode.files ?? {}), ...Object.entries(mode.byArguments?.files ?? {})];
    for (const [path, source] of files) {
      expect(path).toMatch(/^[\w.-]+$/);
      const sources: readonly { field: string; plan?: string }[] =
        "field" in source ? [source] : source.pieces.filter((piece) => typeof piece !== "string");
      const used = sources.flatMap(({ field, plan }) => [field, plan]);
      for (const field of used.filter((name) => name !== undefined)) expect([...given]).toContain(field);
    }
  });

  it("uses every field, and puts no secret into an argument", () => {
    const text = JSON.stringify([
      mode.env,
      mode.files,
      mode.byArguments,
      mode.exchange && ["AWS_ROLE_ARN", "PLAN_ROLE_ARN", "AWS_EXTERNAL_ID", "SESSION_SECONDS"],
    ]);
    for (const [name] of fields) expect(text).toContain(`"${name}"`);
    for (const one of Object.values(mode.byArguments?.arguments ?? {})) {
      if ("field" in one) expect(mode.fields[one.field]?.secret).toBe(false);
      for (const path of "file" in one ? [one.file] : "files" in one ? one.files : [])
        expect(Object.keys(mode.byArguments?.files ?? {})).toContain(path);
    }
  });

  it("can be drawn as a form", () => {
    expect(mode.title && mode.about).toBeTruthy();
    for (const [name, { title, about, pattern, example, choices, default: normal, required }] of fields) {
      expect(name).toMatch(/^[A-Z][A-Z0-9_]*$/);
      expect(title && about.endsWith(".")).toBe(true);
      for (const text of [example, normal]) if (text !== undefined && pattern) expect(text).toMatch(new RegExp(`^(?:${pattern})$`, "u"));
      if (choices && normal) expect(choices).toContain(normal);
      if (normal !== undefined) expect(required).toBe(false);
    }
    for (const name of [...(mode.oneOf ?? []), ...(mode.together ?? [])].flat()) expect(mode.fields[name]?.required).toBe(false);
  });
});
