import type { ModuleCredentialsInput } from "@takosumi/contracts/deploy/module-credentials";
import type { CapsuleRow } from "@takosumi/db/rows";
import type { StoredVariable } from "@takosumi/run-engine/variables";
import type { z } from "zod";
import type { NestedId } from "../../tenancy/owned.ts";

/** Every Secret that a Capsule uses, whatever for: none of them is deleted. */
export function secretsOfCapsule({ variables, source, module_credentials }: CapsuleRow): string[] {
  const ofVariables = (variables as readonly StoredVariable[]).flatMap(({ secret_id }) => secret_id ?? []);
  const ofSource = source.kind === "git" && source.secret_id !== null ? [source.secret_id] : [];
  return [...new Set([...ofVariables, ...ofSource, ...module_credentials.map(({ secret_id }) => secret_id)])];
}

/** Where a body names Secrets for its modules. */
export const secretsForModules = (given: z.output<typeof ModuleCredentialsInput> = []): NestedId[] =>
  given.map(({ secret_id: id }, index) => ({ path: `module_credentials.${index}.secret_id`, entity: "secret", id }));
