import type { Lease } from "@takosumi/contracts/runner/lease";
import { collect } from "../cache/bytes.ts";
import type { LeasedCalls } from "../wire/leased.ts";

/** The state of a Capsule that has none yet: byte for byte what the engine took the digest of. */
export const emptyStateText = (lineage: string): string =>
  `${JSON.stringify({ version: 4, terraform_version: "1.0.0", serial: 0, lineage, outputs: {}, resources: [], check_results: null })}\n`;

/** Bytes of the state that the Run works on, checked against their digest where they were stored. */
export async function baseState(calls: Pick<LeasedCalls, "input">, base: Lease["base"]): Promise<Buffer> {
  if (!base.stored) return Buffer.from(emptyStateText(base.lineage));
  return calls.input("state", (bytes) => collect(base, bytes));
}
