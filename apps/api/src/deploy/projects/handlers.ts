import { projects } from "@takosumi/contracts/deploy/projects";
import type { ProjectRow } from "@takosumi/db/rows";
import { afterCursor, fetchLimit, paged } from "../../paging.ts";
import type { Resources } from "../../resources.ts";
import { implement } from "../../world.ts";
import { changed, refuseEmpty } from "../patched.ts";
import { listProjects } from "./repository.ts";
import { changeProject, createProject, removeProject } from "./service.ts";

export const projectHandlers = ({ db, engine }: Pick<Resources, "db" | "engine">) =>
  implement(projects, {
    create: async ({ input, workspace, role, may, write }) => ({
      project: shown(
        await write(
          (tx) => createProject(tx, workspace.id, { role, may }, input),
          ({ name, slug }) => ({ metadata: { name, slug } }),
        ),
      ),
    }),
    list: async ({ input, workspace }) => {
      const rows = await listProjects(db, workspace.id, afterCursor(input.cursor), fetchLimit(input.limit));
      const page = paged(rows, input.limit, ({ id }) => id);
      return { projects: page.rows.map(shown), next_cursor: page.next_cursor };
    },
    read: ({ project }) => ({ project: shown(project) }),
    update: async ({ input: { id, ...given }, role, may, write }) => {
      refuseEmpty(given, ["name", "slug", "description", "policy"]);
      return {
        project: shown(await write((tx) => changeProject(tx, engine, { role, may }, id, given), { metadata: { changed: changed(given) } })),
      };
    },
    remove: async ({ project, write }) => {
      await write(
        (tx) => removeProject(tx, project.id),
        ({ name, slug }) => ({ metadata: { name, slug } }),
      );
    },
  });

const shown = ({ id, workspace_id, name, slug, description, policy, created_at, updated_at }: ProjectRow) => ({
  id,
  workspace_id,
  name,
  slug,
  description,
  policy,
  created_at: created_at.toISOString(),
  updated_at: updated_at.toISOString(),
});
