import { capsules } from "@takosumi/contracts/deploy/capsules";
import { afterCursor, fetchLimit, paged } from "../../paging.ts";
import { actorOf } from "../../pipeline/actor.ts";
import type { Resources } from "../../resources.ts";
import { implement } from "../../world.ts";
import { changed, refuseEmpty } from "../patched.ts";
import { lock, removeCapsule, unlock } from "./lifecycle.ts";
import { listCapsules } from "./repository.ts";
import { changeCapsule, createCapsule, prepareCapsule, prepareChange } from "./service.ts";
import { shown } from "./shown.ts";

const changeable = Object.keys(capsules.operations.update.spec.body.shape);

export const capsuleHandlers = ({ db, blobs, keyring, engine }: Pick<Resources, "db" | "blobs" | "keyring" | "engine">) => {
  const used = { db, blobs, keyring };
  return implement(capsules, {
    create: async ({ input: { project_id: _, ...given }, project, role, may, write }) => {
      const prepared = await prepareCapsule(used, project, given);
      const created = await write(
        (tx) => createCapsule(tx, project, { role, may }, prepared),
        ({ name, source }) => ({ metadata: { name, source: source.kind, source_digest: source.digest } }),
      );
      return { capsule: shown(created) };
    },
    list: async ({ input: { limit, cursor, status }, project, workspace }) => {
      const asked = { after: afterCursor(cursor), status, take: fetchLimit(limit) };
      const rows = await (project
        ? listCapsules(db, "project_id", project.id, asked)
        : listCapsules(db, "workspace_id", workspace.id, asked));
      const page = paged(rows, limit, ({ id }) => id);
      return { capsules: page.rows.map(shown), next_cursor: page.next_cursor };
    },
    read: ({ capsule }) => ({ capsule: shown(capsule) }),
    update: async ({ input: { id: _, ...given }, capsule, role, may, write }) => {
      refuseEmpty(given, changeable);
      const prepared = await prepareChange(used, capsule, given);
      const updated = await write(
        (tx) => changeCapsule(tx, engine, { role, may }, prepared),
        (row) => ({ metadata: { changed: changed(given), config_revision: row.config_revision } }),
      );
      return { capsule: shown(updated) };
    },
    remove: async ({ input: { force }, capsule, write }) => {
      await write(
        (tx) => removeCapsule(tx, capsule.id, force),
        (row) => ({ metadata: { name: row.name, force, resource_count: row.resource_count } }),
      );
    },
    lock: async ({ input: { reason }, capsule, principal, write }) => ({
      capsule: shown(await write((tx) => lock(tx, capsule.id, actorOf(principal), reason), { metadata: { reason } })),
    }),
    unlock: async ({ input: { reason }, capsule, write }) => ({
      capsule: shown(
        await write((tx) => unlock(tx, capsule.id), {
          metadata: { reason, held_by: capsule.lock_actor?.id ?? null, held_because: capsule.lock_reason },
        }),
      ),
    }),
  });
};
