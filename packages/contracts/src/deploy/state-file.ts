/** What the bytes of a state say of themselves. */
export interface StateFile {
  readonly lineage: string;
  readonly serial: number;
  /** The version of the tool that wrote it; null where it does not say. */
  readonly terraform_version: string | null;
  /** By an `encryption` block of the module: lineage and serial can be read, and nothing else. */
  readonly encrypted: boolean;
  /** Instances of managed resources; null where they cannot be read. */
  readonly resource_count: number | null;
  /** A sensitive value is null. */
  readonly outputs: readonly { readonly name: string; readonly type: unknown; readonly value: unknown; readonly sensitive: boolean }[];
}

type Document = {
  readonly version?: unknown;
  readonly serial?: unknown;
  readonly lineage?: unknown;
  readonly terraform_version?: unknown;
  readonly encrypted_data?: unknown;
  readonly outputs?: Readonly<Record<string, { readonly value?: unknown; readonly type?: unknown; readonly sensitive?: unknown }>> | null;
  readonly resources?: unknown;
};
type Resource = { readonly mode?: unknown; readonly instances?: readonly unknown[] };

const longestLineage = 128;

/** The state, or what keeps these bytes from being one. */
export function parseStateFile(bytes: Uint8Array): { readonly file: StateFile } | { readonly problem: string } {
  const state = documentOf(bytes);
  if (!state) return { problem: "is not a state file: a JSON object is expected" };
  const { version, lineage, serial, resources, outputs } = state;
  const encrypted = typeof state.encrypted_data === "string";
  if (!encrypted && version !== 4) return { problem: `is a state of version ${shown(version)}: only version 4 is taken` };
  if (typeof lineage !== "string" || lineage.length === 0 || lineage.length > longestLineage)
    return { problem: `has no lineage: a text of 1 to ${longestLineage} characters is expected` };
  if (!Number.isSafeInteger(serial) || (serial as number) < 0) return { problem: "has no serial: a whole number from 0 on is expected" };
  if (!encrypted && !Array.isArray(resources)) return { problem: "has no list of resources" };
  const managed = ((resources ?? []) as readonly (Resource | null)[]).filter((one) => one?.mode === "managed");
  return {
    file: {
      lineage,
      serial: serial as number,
      terraform_version: typeof state.terraform_version === "string" ? state.terraform_version : null,
      encrypted,
      resource_count: encrypted ? null : managed.reduce((sum, one) => sum + (one?.instances?.length ?? 0), 0),
      outputs: Object.entries(outputs ?? {}).map(([name, { value, type, sensitive }]) => ({
        name,
        type: type ?? null,
        value: sensitive === true ? null : (value ?? null),
        sensitive: sensitive === true,
      })),
    },
  };
}

/** The state; null for bytes that are none, such as a file that is being written. */
export function stateFile(bytes: Uint8Array): StateFile | null {
  const parsed = parseStateFile(bytes);
  return "file" in parsed ? parsed.file : null;
}

/** A document whose parts have the shapes that are read here. */
function documentOf(bytes: Uint8Array): Document | null {
  try {
    const value: unknown = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
    if (typeof value !== "object" || value === null || Array.isArray(value)) return null;
    const { outputs } = value as Document;
    const whole = Object.values(outputs ?? {}).every((output) => typeof output === "object" && output !== null);
    return typeof (outputs ?? {}) === "object" && whole ? (value as Document) : null;
  } catch {
    return null;
  }
}

const shown = (version: unknown): string => (typeof version === "number" ? String(version) : "unknown");
