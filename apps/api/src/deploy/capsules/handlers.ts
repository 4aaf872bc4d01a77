import { capsules } from "@takosumi/contracts/deploy/capsules";
import type { CapsuleRow } from "@takosumi/db/rows";
import { actorOf } from "../../pipeline/actor.ts";
import { afterCursor, fetchLimit, paged } from "../../paging.ts";
import type { Resources } from "../../resources.ts";
import { implement } from "../../world.ts";
import { lock, removeCapsule, unlock } from "./lifecycle.ts";
import { listCapsules } from "./repository.ts";
import { prepareCapsule, prepareChange } from "./service.ts";
import { shown } from "./shown.ts";

export const capsuleHandlers = (used: Pick<Resources, "db" | "blobs" | "keyring" | "engine">) =>
  implement(capsules, {
    create: async ({ project, input, write }) => {
      const insert = await prepareCapsule(used, project, input);
      return { capsule: shown(await write(insert, configured)) };
    },
    list: async ({ project, workspace, input }) => {
      const scope = { project: project?.id, workspace: workspace?.id ?? "" };
      const rows = await listCapsules(used.db, scope, afterCursor(input.cursor), input.status, fetchLimit(input.limit));
      const page = paged(rows, input.limit, ({ id }) => id);
      return { capsules: page.rows.map(shown), next_cursor: page.next_cursor };
    },
    read: ({ capsule }) => ({ capsule: shown(capsule) }),
    update: async ({ capsule, input, write }) => {
      const change = await prepareChange(used, capsule, input);
      return { capsule: shown(await write(change, configured)) };
    },
    remove: async ({ capsule, input, write }) => {
      await write((tx) => removeCapsule(tx, capsule, input.force), { metadata: { name: capsule.name, force: input.force, resource_count: capsule.resource_count } });
    },
    lock: async ({ capsule, input, principal, write }) => ({
      capsule: shown(await write((tx) => lock(tx, capsule, actorOf(principal), input.reason), { metadata: { reason: input.reason } })),
    }),
    unlock: async ({ capsule, input, write }) => ({
      capsule: shown(await write((tx) => unlock(tx, capsule), { metadata: { reason: input.reason, was: capsule.lock_reason } })),
    }),
  });

const configured = ({ name, config_revision, source }: CapsuleRow) => ({ metadata: { name, config_revision, source_digest: source.digest } });
