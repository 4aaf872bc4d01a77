import { BlockList, isIP } from "node:net";

/** Addresses that are not on the public internet: this machine, its neighbours, and ways to reach either under another form. */
const privateRanges: readonly (readonly [address: string, bits: number])[] = [
  ["0.0.0.0", 8],
  ["10.0.0.0", 8],
  ["100.64.0.0", 10],
  ["127.0.0.0", 8],
  ["169.254.0.0", 16],
  ["172.16.0.0", 12],
  ["192.0.0.0", 24],
  ["192.0.2.0", 24],
  ["192.168.0.0", 16],
  ["198.18.0.0", 15],
  ["198.51.100.0", 24],
  ["203.0.113.0", 24],
  ["224.0.0.0", 3],
  ["::", 96],
  ["64:ff9b::", 96],
  ["64:ff9b:1::", 48],
  ["100::", 64],
  ["2001::", 23],
  ["2001:db8::", 32],
  ["2002::", 16],
  ["fc00::", 7],
  ["fe80::", 9],
  ["ff00::", 8],
];

const family = (address: string): "ipv4" | "ipv6" => (isIP(address) === 4 ? "ipv4" : "ipv6");

/** "fe80::1%eth0" -> "fe80::1" */
const unzoned = (address: string): string => address.replace(/%.*$/, "");

function listOf(ranges: readonly (readonly [string, number])[]): BlockList {
  const list = new BlockList();
  for (const [address, bits] of ranges) list.addSubnet(address, bits, family(address));
  return list;
}
const privates = listOf(privateRanges);

/** Whether an address is one that nothing which a user names may reach unless the operator said so. An IPv4 address inside an IPv6 one counts as itself. */
export const isPrivate = (address: string): boolean => privates.check(unzoned(address), family(address));

/** What the operator lets be reached although it is private: `host`, `host:port`, `*.suffix`, `10.0.0.0/8`, or `*` for all. */
export class PrivateHosts {
  readonly #names: ReadonlySet<string>;
  readonly #suffixes: readonly string[];
  readonly #ranges: BlockList;

  /** Throws an Error that names the entry which is none of these. */
  constructor(text: string) {
    const entries = text
      .split(",")
      .map((entry) => entry.trim().toLowerCase())
      .filter(Boolean);
    const ranges = entries.filter((entry) => entry.includes("/"));
    this.#names = new Set(entries.filter((entry) => !entry.includes("/")));
    this.#suffixes = entries.filter((entry) => entry.startsWith("*.")).map((entry) => entry.slice(1));
    this.#ranges = listOf(ranges.map(rangeOf));
  }

  /** Whether a host was named, whatever its addresses are. */
  names(host: string, port: number | null): boolean {
    const names = this.#names;
    return names.has("*") || names.has(host) || names.has(`${host}:${port}`) || this.#suffixes.some((suffix) => host.endsWith(suffix));
  }

  holds(address: string): boolean {
    return this.#ranges.check(unzoned(address), family(address));
  }
}

function rangeOf(entry: string): [string, number] {
  const [address = "", bits = ""] = entry.split("/");
  const most = isIP(address) === 4 ? 32 : 128;
  if (isIP(address) === 0 || !/^\d{1,3}$/.test(bits) || Number(bits) > most)
    throw new Error(`${entry} is not a range of addresses such as 10.0.0.0/8`);
  return [address, Number(bits)];
}
