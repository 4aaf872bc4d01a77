import { canonicalProvider } from "@takosumi/contracts/deploy/provider-address";

/** `module.a.provider["host/ns/type"].alias`, as states name providers. Null where it is none. */
export function parseProviderReference(reference: string): { provider: string; alias: string | null } | null {
  const found = /^(?:.*\.)?provider\["([^"]+)"\](?:\.([\w-]+))?$/.exec(reference);
  return found?.[1] === undefined ? null : { provider: canonicalProvider(found[1]), alias: found[2] ?? null };
}
