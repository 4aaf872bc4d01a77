import { TofuError } from "./errors.ts";
import type { StateSummary } from "./types.ts";

type StateFile = {
  version?: unknown;
  serial?: unknown;
  lineage?: unknown;
  terraform_version?: unknown;
  encrypted_data?: unknown;
  outputs?: Record<string, { value?: unknown; type?: unknown; sensitive?: unknown }>;
  resources?: { mode?: unknown; provider?: unknown; instances?: unknown[] }[];
};

/** Throws `bad_state` for bytes that are no state file. An encrypted state answers lineage and serial and nothing else. */
export function stateSummary(bytes: Uint8Array): StateSummary {
  const state = parsed(bytes);
  if (!state || typeof state.lineage !== "string" || !Number.isSafeInteger(state.serial)) {
    throw new TofuError("bad_state", "These bytes are no state file: JSON with a lineage and a serial is expected.");
  }
  const managed = (state.resources ?? []).filter((resource) => resource.mode === "managed");
  return {
    version: typeof state.version === "number" ? state.version : 4,
    lineage: state.lineage,
    serial: state.serial as number,
    terraform_version: typeof state.terraform_version === "string" ? state.terraform_version : null,
    encrypted: state.encrypted_data !== undefined,
    resource_count: managed.reduce((sum, resource) => sum + (resource.instances?.length ?? 0), 0),
    outputs: Object.entries(state.outputs ?? {}).map(([name, { value, type, sensitive }]) => ({
      name,
      type: type ?? null,
      value: sensitive === true ? null : (value ?? null),
      sensitive: sensitive === true,
    })),
  };
}

/** Rule 2: both tools truncate and then write in place, so most reads during a write are torn. Whole, ours, and not older is good. */
export function isGoodCheckpoint(bytes: Uint8Array, base: { lineage: string; serial: number }): boolean {
  const state = parsed(bytes);
  if (!state || state.lineage !== base.lineage || !Number.isSafeInteger(state.serial) || (state.serial as number) < base.serial)
    return false;
  return state.version === 4 ? Array.isArray(state.resources) : state.encrypted_data !== undefined;
}

/** Addresses of the providers that a state needs, as it writes them: `provider["registry.opentofu.org/hashicorp/time"].alias`. */
export function stateProviders(bytes: Uint8Array): string[] {
  const found = (parsed(bytes)?.resources ?? []).map((resource) => resource.provider).filter((name) => typeof name === "string");
  return [...new Set(found)];
}

function parsed(bytes: Uint8Array): StateFile | null {
  try {
    const value: unknown = JSON.parse(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("utf8"));
    return typeof value === "object" && value !== null && !Array.isArray(value) ? value : null;
  } catch {
    return null;
  }
}
