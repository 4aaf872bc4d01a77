import { lookup } from "node:dns/promises";
import { isPrivate, type PrivateHosts } from "./private-hosts.ts";

const mostAddresses = 8;

/** Where a host is, or why it may not be reached: it is not known here, or one of its addresses is private and nobody allowed that. */
export type Addresses =
  | { readonly addresses: readonly [string, ...string[]] }
  | { readonly unknown: string }
  | { readonly refused: string };

/** Looks a host up once. One private address among public ones is enough to refuse it. `port` as it was named, or null. */
export async function addressesOf(host: string, port: number | null, allowed: PrivateHosts): Promise<Addresses> {
  let found: string[];
  try {
    found = (await lookup(host, { all: true })).map(({ address }) => address);
  } catch (error) {
    return { unknown: (error as NodeJS.ErrnoException).code ?? "no address" };
  }
  const refused = allowed.names(host, port) ? undefined : found.find((address) => isPrivate(address) && !allowed.holds(address));
  if (refused !== undefined) return { refused };
  const [first, ...rest] = found.slice(0, mostAddresses);
  return first === undefined ? { unknown: "no address" } : { addresses: [first, ...rest] };
}
