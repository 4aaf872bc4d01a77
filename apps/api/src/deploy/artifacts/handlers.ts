import { artifacts } from "@takosumi/contracts/deploy/artifacts";
import { ApiError } from "@takosumi/contracts/errors";
import { newId, prefixes } from "@takosumi/contracts/ids";
import type { ArtifactRow } from "@takosumi/db/rows";
import { afterCursor, fetchLimit, paged } from "../../paging.ts";
import { actorOf } from "../../pipeline/actor.ts";
import type { Resources } from "../../resources.ts";
import { implement } from "../../world.ts";
import { inlineOf, openContent } from "./content.ts";
import { ownArtifacts } from "./own.ts";
import { insertArtifact, listArtifacts } from "./repository.ts";

export const artifactHandlers = ({ db, blobs, engine }: Pick<Resources, "db" | "blobs" | "engine">) => {
  const used = { db, blobs, engine };
  return implement(artifacts, {
    list: async ({ run, input }) => {
      const after = afterCursor(input.cursor);
      const page = paged(await listArtifacts(db, run.id, after, fetchLimit(input.limit)), input.limit, ({ id }) => id);
      const own = after === null ? ownArtifacts(run) : [];
      return { artifacts: [...own, ...page.rows].map((row) => shown(row, null)), next_cursor: page.next_cursor };
    },
    create: async ({ run, input, principal, write }) => {
      const content = input.content ?? null;
      const stored = content === null ? null : await blobs.put({ workspace: run.workspace_id, kind: "artifact" }, Buffer.from(content));
      const row = {
        id: newId(prefixes.artifact),
        workspace_id: run.workspace_id,
        run_id: run.id,
        type: input.type,
        title: input.title ?? null,
        content_type: "text/plain",
        digest: stored?.digest ?? null,
        size_bytes: stored?.size_bytes ?? null,
        file_id: input.file_id ?? null,
        metadata: input.metadata ?? {},
        created_by: actorOf(principal),
      };
      const made = await write((tx) => insertArtifact(tx, row), { metadata: { type: row.type, digest: row.digest } });
      return { artifact: shown(made, content) };
    },
    read: async ({ artifact }) => ({ artifact: shown(artifact, await inlineOf(used, artifact)) }),
    content: async ({ artifact }) => {
      const opened = await openContent(used, artifact);
      if (opened) return opened;
      throw new ApiError("NOT_FOUND", "This artifact has no content");
    },
  });
};

const shown = (row: ArtifactRow, content: string | null) => ({
  id: row.id,
  run_id: row.run_id,
  space_id: row.workspace_id,
  type: row.type as "other",
  title: row.title,
  content,
  content_type: row.content_type,
  size_bytes: row.size_bytes,
  file_id: row.file_id,
  metadata: JSON.stringify(row.metadata),
  created_at: row.created_at.toISOString(),
});
