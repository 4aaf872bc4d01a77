import { spaces } from "@takosumi/contracts/tenancy/spaces";
import { afterCursor, fetchLimit, paged } from "../../paging.ts";
import type { Resources } from "../../resources.ts";
import { implement } from "../../world.ts";
import { sidebarOf } from "../shortcut-groups/sidebar.ts";
import { leaveSpace } from "../space-members/service.ts";
import { exportOf } from "./export.ts";
import { removeSpace, restoreSpace, transferSpace } from "./lifecycle.ts";
import { listSpaces } from "./repository.ts";
import { changeSpace, createSpace } from "./service.ts";
import { shownModel, shownSpace } from "./shown.ts";

export const spaceHandlers = ({ db, engine }: Pick<Resources, "db" | "engine">) =>
  implement(spaces, {
    list: async ({ input, principal }) => {
      const rows = await listSpaces(db, principal.id, afterCursor(input.cursor, "moment"), fetchLimit(input.limit));
      const page = paged(rows, input.limit, ({ moment, id }) => `${moment} ${id}`);
      return { spaces: page.rows.map((row) => shownSpace(row, row.reader_role)), next_cursor: page.next_cursor };
    },
    create: async ({ input, principal, write }) => {
      const made = await write(
        (tx) => createSpace(tx, principal.id, input),
        ({ slug }) => ({ metadata: { kind: "team", slug } }),
      );
      return { space: shownSpace(made, "owner"), repository: null };
    },
    me: ({ workspace, role }) => ({ ...of(workspace, role), role: of(workspace, role).space.role, repository: null }),
    read: ({ workspace, role }) => ({ ...of(workspace, role), role: of(workspace, role).space.role, repository: null }),
    update: async ({ input, workspace, role, write }) => {
      const { spaceId: _, ai_model: model, ai_provider: provider, ...rest } = input;
      const changed = await write((tx) => changeSpace(tx, workspace.id, { ...rest, model, provider }, "ai_provider"), {
        metadata: { changed: Object.keys(input).filter((name) => name !== "spaceId") },
      });
      return of(changed, role);
    },
    remove: async ({ workspace, write }) => {
      await write((tx) => removeSpace(tx, workspace.id), { metadata: { slug: workspace.slug } });
      return { success: true };
    },
    restore: async ({ deleted_workspace: { id }, write }) =>
      of(
        await write(
          (tx) => restoreSpace(tx, id),
          ({ slug }) => ({ metadata: { slug } }),
        ),
        "owner",
      ),
    leave: async ({ workspace, principal, write }) => {
      await write((tx) => leaveSpace(tx, engine, workspace.id, principal));
      return { success: true };
    },
    transfer: async ({ input, workspace, principal, write }) => {
      const changed = await write(
        (tx) => transferSpace(tx, workspace.id, principal.id, input.username),
        ({ owner_id }) => ({ metadata: { from: principal.id, to: owner_id } }),
      );
      return of(changed, "admin");
    },
    export: ({ workspace, role }) => exportOf(db, workspace, role),
    model: ({ workspace }) => shownModel(workspace),
    updateModel: async ({ input, workspace, write }) => {
      const model = input.model ?? input.ai_model;
      const provider = input.provider ?? input.ai_provider;
      const field = input.provider === undefined ? "ai_provider" : "provider";
      return shownModel(await write((tx) => changeSpace(tx, workspace.id, { model, provider }, field), { metadata: { model } }));
    },
    sidebar: async ({ workspace }) => ({ items: await sidebarOf(db, workspace.id) }),
  });

const of = (...row: Parameters<typeof shownSpace>) => ({ space: shownSpace(...row) });
