import { sources } from "@takosumi/contracts/deploy/sources";
import type { SourceRow } from "@takosumi/db/rows";
import { afterCursor, fetchLimit, paged } from "../../paging.ts";
import { actorOf } from "../../pipeline/actor.ts";
import type { Resources } from "../../resources.ts";
import { implement } from "../../world.ts";
import { storeArchive } from "./archive.ts";
import { listSources } from "./repository.ts";
import { createSource, removeSource } from "./service.ts";
import { Turns } from "./turns.ts";

/** Each reads up to 256 MiB onto the disk. */
const atOnce = 4;
const waiting = 16;

export const sourceHandlers = ({ db, blobs, settings }: Pick<Resources, "db" | "blobs" | "settings">) => {
  const turns = new Turns(atOnce, waiting);
  return implement(sources, {
    create: async ({ workspace, file, principal, write }) => {
      const stored = await turns.take(() => storeArchive(blobs, settings.scratch, workspace.id, file));
      return { source: shown(await write((tx) => createSource(tx, workspace.id, stored, actorOf(principal)), about)) };
    },
    list: async ({ input, workspace }) => {
      const rows = await listSources(db, workspace.id, afterCursor(input.cursor), fetchLimit(input.limit));
      const page = paged(rows, input.limit, ({ id }) => id);
      return { sources: page.rows.map(shown), next_cursor: page.next_cursor };
    },
    read: ({ source }) => ({ source: shown(source) }),
    remove: async ({ source, write }) => {
      await write((tx) => removeSource(tx, source.id), about);
    },
  });
};

const about = ({ digest, size_bytes, file_count }: SourceRow) => ({ metadata: { source_digest: digest, size_bytes, file_count } });
const shown = ({ id, workspace_id, digest, size_bytes, file_count, ignored_count, created_at }: SourceRow) => ({
  id,
  workspace_id,
  digest,
  size_bytes,
  file_count,
  ignored_count,
  created_at: created_at.toISOString(),
});
