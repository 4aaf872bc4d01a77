import { emptyState } from "@takosumi/contracts/runner/empty-state";
import type { Lease } from "@takosumi/contracts/runner/lease";
import { collect } from "../cache/bytes.ts";
import type { LeasedCalls } from "../wire/leased.ts";

/** Bytes of the state that the Run works on, checked against their digest where they were stored. */
export async function baseState(calls: Pick<LeasedCalls, "input">, base: Lease["base"]): Promise<Buffer> {
  if (!base.stored) return Buffer.from(emptyState(base.lineage));
  return calls.input("state", (bytes) => collect(base, bytes));
}
