import { z } from "zod";

/** An event as it was once seen, kept outside the database: whoever rewrites a chain there cannot rewrite this. */
export interface AuditAnchor {
  readonly sequence: number;
  readonly hash: string;
  /** ISO time. */
  readonly at: string;
}

/** Anchors of a chain, oldest first, sequences rising. */
export type AuditAnchors = readonly AuditAnchor[];

const Anchors = z.array(z.object({ sequence: z.int().positive(), hash: z.string(), at: z.iso.datetime() })).max(10_000);
const most = 512;

/** What keeps anchors: one text a chain. `write` replaces it. */
export interface AnchorStore {
  read(chain: string): Promise<string | null>;
  write(chain: string, text: string): Promise<void>;
  /** Every chain that has one. */
  all(): Promise<readonly string[]>;
}

/** None for a chain that has none. Throws where what is kept cannot be read: that is a finding of its own. */
export async function readAnchors(store: Pick<AnchorStore, "read">, chain: string): Promise<AuditAnchors> {
  const text = await store.read(chain);
  return text === null ? [] : Anchors.parse(JSON.parse(text));
}

/** Adds one, if it is newer than all that are there. Beyond 512 every second of the older half goes: the recent past stays narrow. */
export async function addAnchor(store: Pick<AnchorStore, "read" | "write">, chain: string, anchor: AuditAnchor): Promise<void> {
  const known = await readAnchors(store, chain);
  if ((known.at(-1)?.sequence ?? 0) >= anchor.sequence) return;
  const all = [...known, anchor];
  const old = all.length > most ? Math.floor(all.length / 2) : 0;
  await store.write(chain, JSON.stringify(all.filter((_, i) => i >= old || i % 2 === 0)));
}
