import type { Entity } from "@takosumi/contracts/access";
import type { Family, Operation } from "@takosumi/contracts/define";
import { fieldsOf, placeholders } from "@takosumi/contracts/input";
import type { ZodOpenApiResponseObject } from "zod-openapi";

export type Links = NonNullable<ZodOpenApiResponseObject["links"]>;

/** "kept_capsule" is found by a Capsule's id as well. */
const foundBy = (entity: string): string => entity.replace(/^kept_/, "");

/** Where what an operation makes leads: each operation that takes its id in the path. */
export function linksOf({ spec, path }: Operation, families: readonly Family[]): Links | undefined {
  if (spec.status !== 201 || !spec.output) return undefined;
  const [made, ...more] = Object.keys(fieldsOf(spec.output as Parameters<typeof fieldsOf>[0]));
  if (made === undefined || more.length > 0) return undefined;
  const here = placeholders(path);
  const links = families.flatMap((family) =>
    Object.entries(family.operations).flatMap(([name, operation]) => {
      const parameters = parametersOf(operation, made, here);
      const operationId = `${family.name}.${name}`;
      return parameters ? [[operationId, { operationId, parameters }] as const] : [];
    }),
  );
  return links.length > 0 ? Object.fromEntries(links) : undefined;
}

/** The path of an operation, filled from the answer that holds `made` and from its request; null where that does not fill it. */
function parametersOf({ path, spec }: Operation, made: string, here: readonly string[]): Record<string, string> | null {
  const entities = new Map(
    spec.access.at.flatMap((place) => Object.entries(place).map(([entity, input]) => [input as string, entity as Entity])),
  );
  const wanted = placeholders(path);
  const filled = wanted.flatMap((name): (readonly [string, string])[] => {
    if (foundBy(entities.get(name) ?? "") === made) return [[name, `$response.body#/${made}/id`]];
    return here.includes(name) ? [[name, `$request.path.${name}`]] : [];
  });
  const uses = filled.some(([, value]) => value.startsWith("$response"));
  return uses && filled.length === wanted.length ? Object.fromEntries(filled) : null;
}
