import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { handOut } from "@takosumi/blobs/hand-out";
import { state } from "@takosumi/contracts/deploy/state";
import { afterCursor, fetchLimit, paged } from "../../paging.ts";
import { actorOf } from "../../pipeline/actor.ts";
import type { Resources } from "../../resources.ts";
import { implement } from "../../world.ts";
import { type ListedState, listStates } from "./repository.ts";
import { rollbackOf } from "./service.ts";

export const stateHandlers = ({ db, blobs, engine }: Pick<Resources, "db" | "blobs" | "engine">) =>
  implement(state, {
    list: async ({ input, kept_capsule }) => {
      const rows = await listStates(db, kept_capsule.id, afterCursor(input.cursor), fetchLimit(input.limit));
      const page = paged(rows, input.limit, ({ id }) => id);
      return { state_versions: page.rows.map(shown), next_cursor: page.next_cursor };
    },
    download: async ({ kept_capsule: capsule, state_version: version, write }) => {
      const body = await handOut(blobs, { workspace: version.workspace_id, kind: "state", digest: version.digest }, version.size_bytes);
      try {
        // Recorded before the first byte leaves: a reader that is cut off has read all the same.
        await write(() => version, about);
      } catch (error) {
        if (body instanceof Readable) body.destroy();
        throw error;
      }
      const name = `${capsule.name}-${version.serial}.tfstate`;
      return { body, size: version.size_bytes, type: "application/json", name };
    },
    read: ({ state_version: version }) => ({ state_version: shown(version) }),
    create: async ({ input, capsule, principal, file, write }) => {
      const { expect_lineage: lineage, expect_serial: serial, expect_digest: digest } = input;
      const expected = lineage === undefined || serial === undefined || digest === undefined ? null : { lineage, serial, digest };
      const bringing = { capsule, actor: actorOf(principal), expected };
      const bytes = await buffer(file.body);
      const to = rollbackOf(bytes);
      const brought = await (to === null ? engine.prepareImport(bringing, bytes) : engine.prepareRollback(bringing, to));
      const recorded = await write(
        (tx) => engine.recordBrought(tx, brought),
        (row) => ({
          ...(to !== null && { action: "state.rolled_back" as const }),
          metadata: { ...about(row).metadata, before: expected, rolled_back_to: to },
        }),
      );
      return { state_version: shown(recorded) };
    },
  });

const about = ({ serial, lineage, digest, resource_count }: ListedState) => ({ metadata: { serial, lineage, digest, resource_count } });

const shown = ({ created_at, ...row }: ListedState) => ({ ...row, created_at: created_at.toISOString() });
