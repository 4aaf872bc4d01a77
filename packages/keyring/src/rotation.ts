import type { DataKeyRow } from "./data-key.ts";
import type { Keyring } from "./envelope.ts";

export interface Rewrapped {
  readonly rewrapped: number;
  readonly untouched: number;
}

/**
 * Brings data keys under the current master key, one at a time, while everything goes on: a data key stays the same key.
 * `save` stores the new row where the stored one is still `before`. Afterwards store a new canary; then the old master key may go.
 */
export async function rewrapAll(
  keyring: Pick<Keyring, "rewrap">,
  rows: AsyncIterable<DataKeyRow> | Iterable<DataKeyRow>,
  save: (row: DataKeyRow, before: DataKeyRow) => Promise<void>,
): Promise<Rewrapped> {
  let rewrapped = 0;
  let untouched = 0;
  for await (const before of rows) {
    const row = await keyring.rewrap(before);
    if (row === before) {
      untouched += 1;
      continue;
    }
    await save(row, before);
    rewrapped += 1;
  }
  return { rewrapped, untouched };
}
