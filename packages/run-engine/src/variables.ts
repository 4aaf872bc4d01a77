import { randomBytes } from "node:crypto";
import { ApiError } from "@takosumi/contracts/errors";
import type { Queries } from "@takosumi/db/db";
import type { CapsuleRow } from "@takosumi/db/rows";
import type { Keyring } from "@takosumi/keyring/envelope";
import { SealError } from "@takosumi/keyring/seal-error";
import { digestOf } from "./base-state.ts";
import { commonEnvOf } from "./common-env.ts";
import { secretsIn } from "./secrets.ts";
import type { SourceAccess } from "./source-access.ts";

/** A variable of a Capsule as its row keeps it. A sensitive value stands sealed; one from a Secret is looked up. */
export interface StoredVariable {
  readonly name: string;
  readonly kind: "tofu" | "env";
  readonly sensitive: boolean;
  readonly secret_id: string | null;
  readonly value: unknown;
  readonly sealed: string | null;
}
/** A variable of one Run, as a caller gave it. */
export interface GivenVariable {
  readonly name: string;
  readonly kind: "tofu" | "env";
  readonly value?: unknown;
  readonly secret_id?: string | undefined;
  readonly sensitive?: boolean | undefined;
}

/** Everything that a Run is given, in plaintext: only ever in memory, or sealed. */
export interface VariableSet {
  readonly tofu: Readonly<Record<string, unknown>>;
  readonly env: Readonly<Record<string, string>>;
  /** What must not be shown, by the name that stands in its place. */
  readonly secrets: readonly { readonly name: string; readonly value: string }[];
  /** Shown to fetch the source and its modules, and to nobody else. */
  readonly access?: SourceAccess;
}
export interface VariableName {
  readonly name: string;
  readonly kind: "tofu" | "env";
  readonly sensitive: boolean;
  /** Given for this Run alone, over what the Capsule says. */
  readonly once: boolean;
}
export type VariableNames = readonly VariableName[];

export const variablePlace = (workspace: string, capsule: string, kind: string, name: string) =>
  ({ table: "capsules", workspace, row: capsule, field: `variables.${kind}.${name}` }) as const;
const setPlace = (workspace: string, run: string) => ({ table: "runs", workspace, row: run, field: "variable_set" }) as const;

/** The variables of a space, those of a Capsule over them, and those of one Run over both, opened. Secrets of another Workspace are as missing ones: 404. */
export async function openVariables(
  { db, keyring }: { readonly db: Queries; readonly keyring: Keyring },
  capsule: Pick<CapsuleRow, "id" | "workspace_id" | "variables">,
  given: readonly GivenVariable[],
): Promise<{ set: VariableSet; names: VariableNames }> {
  const stored = capsule.variables as readonly StoredVariable[];
  const overridden = new Set(given.map(({ kind, name }) => `${kind} ${name}`));
  const base = stored.filter(({ kind, name }) => !overridden.has(`${kind} ${name}`));
  const ids = [...base, ...given].flatMap(({ secret_id }) => secret_id ?? []);
  const secret = await secretsIn({ db, keyring }, capsule.workspace_id, ids);

  const tofu: Record<string, unknown> = {};
  const env: Record<string, string> = {};
  const secrets: { name: string; value: string }[] = [];
  const names: VariableName[] = [];
  const put = (kind: "tofu" | "env", name: string, value: unknown, hidden: string | null, once = false) => {
    if (kind === "env") env[name] = String(value);
    else tofu[name] = value;
    names.push({ name, kind, sensitive: hidden !== null, once });
    if (hidden !== null) secrets.push(...leavesOf(value).map((leaf) => ({ name: hidden, value: leaf })));
  };
  const own = [...base, ...given].flatMap(({ kind, name }) => (kind === "env" ? [name] : []));
  for (const { name, value, secret } of await commonEnvOf({ db, keyring }, capsule.workspace_id, new Set(own)))
    put("env", name, value, secret ? name : null);
  for (const { kind, name, value, sealed, sensitive, secret_id } of base) {
    if (secret_id !== null) {
      const found = await secret(secret_id, "variables");
      put(kind, name, found.value, found.name);
    } else if (sealed !== null) {
      const opened = await keyring.open(variablePlace(capsule.workspace_id, capsule.id, kind, name), sealed).catch((error: unknown) => {
        if (!(error instanceof SealError)) throw error;
        const message = "does not open: what is stored of it was moved or changed. Set it anew";
        throw new ApiError("GONE", `variables: the value of ${name} ${message}`, {
          reason: "damaged",
          fields: [{ path: "variables", message: `${name} ${message}` }],
        });
      });
      put(kind, name, JSON.parse(opened.toString("utf8")), name);
    } else put(kind, name, value, sensitive ? name : null);
  }
  for (const [index, { kind, name, value, secret_id, sensitive }] of given.entries()) {
    const found = secret_id === undefined ? null : await secret(secret_id, `variables.${index}.secret_id`);
    if (found) put(kind, name, found.value, found.name, true);
    else put(kind, name, value, sensitive ? name : null, true);
  }
  return { set: { tofu, env, secrets }, names };
}

/** Every string and number inside a value: each is a secret of its own. */
function leavesOf(value: unknown): string[] {
  if (typeof value === "string") return [value];
  if (typeof value === "number" || typeof value === "bigint") return [String(value)];
  if (Array.isArray(value)) return value.flatMap(leavesOf);
  return value !== null && typeof value === "object" ? Object.values(value).flatMap(leavesOf) : [];
}

/** The snapshot of a Run: sealed, and its digest, which by the salt inside says nothing about the values. */
export async function sealVariables(keyring: Keyring, workspace: string, run: string, set: VariableSet) {
  const text = JSON.stringify({ salt: randomBytes(32).toString("base64"), ...set });
  return { variable_set: await keyring.seal(setPlace(workspace, run), text), variable_set_digest: digestOf(text) };
}

/** The variables that a Run is executed with. SealError where they are not those of its digest, which a plan's seal covers. */
export async function openSealedSet(keyring: Keyring, run: Sealed & { readonly variable_set_digest: string }): Promise<VariableSet> {
  const text = await openText(keyring, run);
  if (digestOf(text) !== run.variable_set_digest) throw new SealError();
  return JSON.parse(text) as VariableSet;
}

type Sealed = { readonly id: string; readonly workspace_id: string; readonly variable_set: string };
const openText = async (keyring: Keyring, { workspace_id, id, variable_set }: Sealed): Promise<string> =>
  (await keyring.open(setPlace(workspace_id, id), variable_set)).toString("utf8");

export const openVariableSet = async (keyring: Keyring, run: Sealed): Promise<VariableSet> =>
  JSON.parse(await openText(keyring, run)) as VariableSet;

/** What a Run was given for itself alone, to plan with it again. */
export async function givenVariables(
  keyring: Keyring,
  run: { id: string; workspace_id: string; variable_set: string; variables: unknown },
): Promise<GivenVariable[]> {
  const names = (run.variables as VariableNames).filter(({ once }) => once);
  if (names.length === 0) return [];
  const { tofu, env } = await openVariableSet(keyring, run);
  return names.map(({ name, kind, sensitive }) => ({ name, kind, sensitive, value: kind === "env" ? env[name] : tofu[name] }));
}
