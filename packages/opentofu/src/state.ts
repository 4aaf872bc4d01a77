/** Addresses of the providers that a state needs, as it writes them: `provider["registry.opentofu.org/hashicorp/time"].alias`. */
export function stateProviders(bytes: Uint8Array): string[] {
  const found = resourcesOf(bytes).flatMap((resource) => (typeof resource?.provider === "string" ? [resource.provider] : []));
  return [...new Set(found)];
}

/** None in bytes that are no state, nor in an encrypted one. */
function resourcesOf(bytes: Uint8Array): readonly ({ readonly provider?: unknown } | null)[] {
  try {
    const { resources } = JSON.parse(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("utf8")) ?? {};
    return Array.isArray(resources) ? resources : [];
  } catch {
    return [];
  }
}
