import type { VariablesInput } from "@takosumi/contracts/deploy/variables";
import { canonicalJson } from "@takosumi/db/canonical-json";
import type { CapsuleRow } from "@takosumi/db/rows";
import type { Keyring } from "@takosumi/keyring/envelope";
import type { Place } from "@takosumi/keyring/place";
import { SealError } from "@takosumi/keyring/seal-error";
import { type StoredVariable, variablePlace } from "@takosumi/run-engine/variables";
import type { z } from "zod";
import type { NestedId } from "../../tenancy/owned.ts";

type Given = z.output<typeof VariablesInput>;
type Where = Pick<CapsuleRow, "id" | "workspace_id">;

/**
 * Variables as the row keeps them, sealed outside the transaction. A sensitive value that is the same as before keeps its sealed text, so
 * that giving the same variables again is no change.
 */
export function storeVariables(
  keyring: Keyring,
  at: Where,
  given: Given,
  before: readonly StoredVariable[] = [],
): Promise<StoredVariable[]> {
  return Promise.all(
    given.map(async ({ kind, name, value, secret_id, sensitive = false }): Promise<StoredVariable> => {
      if (secret_id !== undefined) return { name, kind, sensitive: true, secret_id, value: null, sealed: null };
      if (!sensitive) return { name, kind, sensitive, secret_id: null, value, sealed: null };
      const place = variablePlace(at.workspace_id, at.id, kind, name);
      const text = canonicalJson(value);
      const old = before.find((one) => one.kind === kind && one.name === name)?.sealed ?? null;
      const same = old !== null && (await stands(keyring, place, old, text));
      return { name, kind, sensitive, secret_id: null, value: null, sealed: same ? old : await keyring.seal(place, text) };
    }),
  );
}

/** Whether that text is sealed there already. What was damaged is not: it is sealed anew. */
async function stands(keyring: Keyring, place: Place, sealed: string, text: string): Promise<boolean> {
  try {
    return (await keyring.open(place, sealed)).toString("utf8") === text;
  } catch (error) {
    if (error instanceof SealError) return false;
    throw error;
  }
}

/** Where a body names a Secret. */
export const secretsIn = (variables: Given): NestedId[] =>
  variables.flatMap(({ secret_id: id }, index) =>
    id === undefined ? [] : [{ path: `variables.${index}.secret_id`, entity: "secret", id }],
  );

/** A sensitive value never leaves, sealed or not. */
export const shownVariable = ({ name, kind, value, secret_id, sensitive }: StoredVariable) => ({
  name,
  kind,
  value: sensitive ? null : value,
  secret_id,
  sensitive,
});
