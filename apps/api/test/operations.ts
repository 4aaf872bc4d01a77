import type { Entity } from "@takosumi/contracts/access";
import { meaningOf } from "@takosumi/contracts/contexts";
import type { Operation } from "@takosumi/contracts/define";
import { families } from "@takosumi/contracts/families";
import { entityOf } from "@takosumi/contracts/fields";
import type { Named } from "@takosumi/contracts/ids";
import { fieldsOf, placeholders } from "@takosumi/contracts/input";
import type { z } from "zod";

export interface Listed {
  /** "runs.create" */
  readonly id: string;
  readonly operation: Operation;
  readonly hidden: boolean;
}
export const operations: readonly Listed[] = Object.values(families).flatMap((family) =>
  Object.entries<Operation>(family.operations).map(([name, operation]) => ({
    id: `${family.name}.${name}`,
    operation,
    hidden: meaningOf(family.context).hidden === true,
  })),
);
export const publicOperations = operations.filter(({ hidden }) => !hidden);

/** Where an id stands in the input of an operation. `*` is the first element of a list, `{}` a value of a record. */
export interface IdPlace {
  readonly where: "path" | "query" | "header" | "body";
  readonly path: readonly string[];
  readonly entity: Entity | Named;
}

/** Every place of an operation where a request names something by id. */
export function idPlaces({ path, spec }: Operation): IdPlace[] {
  const located = new Map(
    spec.access.at.flatMap((place) => Object.entries(place).map(([entity, input]) => [input as string, entity as Entity] as const)),
  );
  const inPath = placeholders(path).flatMap((name): IdPlace[] => {
    const entity = located.get(name);
    return entity ? [{ where: "path", path: [name], entity }] : [];
  });
  return [...inPath, ...nested("query", [], spec.query), ...nested("header", [], spec.headers), ...nested("body", [], spec.body)];
}

interface Def {
  readonly type: string;
  readonly innerType?: z.core.$ZodType;
  readonly element?: z.core.$ZodType;
  readonly valueType?: z.core.$ZodType;
  readonly options?: readonly z.core.$ZodType[];
  readonly shape?: z.core.$ZodShape;
}
function nested(where: IdPlace["where"], path: readonly string[], schema: z.core.$ZodType | undefined): IdPlace[] {
  if (!schema) return [];
  const entity = entityOf(schema);
  if (entity) return [{ where, path, entity }];
  const { innerType, element, valueType, options = [] } = schema._zod.def as unknown as Def;
  const shape = (schema._zod.def as unknown as Def).type === "object" ? fieldsOf(schema as z.core.$ZodObject) : {};
  return [
    ...Object.entries(shape).flatMap(([name, field]) => nested(where, [...path, name], field)),
    ...nested(where, path, innerType),
    ...nested(where, [...path, "*"], element),
    ...nested(where, [...path, "{}"], valueType),
    ...options.flatMap((option) => nested(where, path, option)),
  ];
}
