import { isIPv6 } from "node:net";

const longest = 64;

/**
 * Whom an address is counted as: "203.0.113.7" itself, "2001:db8:1:2::9" as "2001:db8:1:2::/64", since whoever has one address of such a
 * network has all. A proxy that passes on what is no address is not let through with more of it than an address has.
 */
export function networkOf(address: string): string {
  const plain = address.replace(/^::ffff:(?=\d+\.)/i, "");
  if (!isIPv6(plain)) return plain.slice(0, longest);
  const [head = "", tail] = plain.replace(/%.*$/, "").toLowerCase().split("::");
  const before = head === "" ? [] : head.split(":");
  const behind = tail === undefined || tail === "" ? [] : tail.split(":");
  // An IPv4 address at the end stands for two groups.
  const missing = tail === undefined ? 0 : 8 - before.length - behind.length - (plain.includes(".") ? 1 : 0);
  const groups = [...before, ...Array.from({ length: missing }, () => "0"), ...behind].slice(0, 4);
  return `${groups.map((group) => Number.parseInt(group, 16).toString(16)).join(":")}::/64`;
}
