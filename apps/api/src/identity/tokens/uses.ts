import { prefixes } from "@takosumi/contracts/ids";
import type { Resources } from "../../resources.ts";
import { noteSessionUse } from "../sessions/repository.ts";
import { noteUse } from "./repository.ts";

/** Notes when tokens and sessions were last used: at most once a minute each, behind the request and never in its way. */
export interface Uses {
  /** `unusedFor`: seconds since the last noted use, null for never. */
  note(tokenId: string, unusedFor: number | null): void;
  /** Waits for notes that are being written. */
  close(): Promise<void>;
}

/** Notes written at once; more are left for the next request of that token. */
const atOnce = 50;

export function openUses({ db, log }: Pick<Resources, "db" | "log">): Uses {
  const writing = new Map<string, Promise<unknown>>();
  return {
    note(tokenId, unusedFor) {
      if ((unusedFor !== null && unusedFor < 60) || writing.has(tokenId) || writing.size >= atOnce) return;
      const note = tokenId.startsWith(prefixes.session) ? noteSessionUse : noteUse;
      const noted = note(db, tokenId).catch((err: unknown) => log.warn({ err }, "the use of a token could not be noted"));
      writing.set(
        tokenId,
        noted.finally(() => writing.delete(tokenId)),
      );
    },
    close: async () => {
      await Promise.all(writing.values());
    },
  };
}
