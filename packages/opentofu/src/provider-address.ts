/** Lower-cased, with its host, and the two public registries as one (rule 12): bindings are matched on this form. */
export function normalProvider(address: string): string {
  const parts = address.trim().toLowerCase().split("/");
  const full =
    parts.length === 1
      ? ["registry.opentofu.org", "hashicorp", ...parts]
      : parts.length === 2
        ? ["registry.opentofu.org", ...parts]
        : parts;
  if (full[0] === "registry.terraform.io") full[0] = "registry.opentofu.org";
  return full.join("/");
}

export function isBuiltin(address: string): boolean {
  return address.toLowerCase().startsWith("terraform.io/builtin/");
}

/** `module.a.provider["host/ns/type"].alias`, as states name providers. Null where it is none. */
export function parseProviderReference(reference: string): { provider: string; alias: string | null } | null {
  const found = /^(?:.*\.)?provider\["([^"]+)"\](?:\.([\w-]+))?$/.exec(reference);
  return found?.[1] === undefined ? null : { provider: normalProvider(found[1]), alias: found[2] ?? null };
}
