import type { Role } from "@takosumi/contracts/access";
import type { WorkspaceRow } from "@takosumi/db/rows";
import type { Db } from "../../world.ts";
import { exportedCapsules, exportedProjects } from "./repository.ts";
import { shownSpace } from "./shown.ts";

/** Listed of each kind. */
const most = 1_000;

export async function exportOf(db: Db, space: WorkspaceRow, role: Role) {
  const [projects, capsules] = await Promise.all([exportedProjects(db, space.id, most + 1), exportedCapsules(db, space.id, most + 1)]);
  const listed = (rows: typeof projects, urlOf: (id: string) => string) =>
    rows.slice(0, most).map(({ id, name, updated_at }) => ({
      id,
      name,
      updated_at: updated_at.toISOString(),
      export_url: urlOf(id),
      method: "GET" as const,
    }));
  const shown = {
    projects: listed(projects, (id) => `/api/projects/${id}`),
    capsules: listed(capsules, (id) => `/api/state/${id}/versions`),
  };
  return {
    space: shownSpace(space, role),
    exported_at: new Date().toISOString(),
    repositories: [],
    threads: [],
    resources: { d1: [], r2: [] },
    ...shown,
    counts: {
      repositories: 0,
      threads: 0,
      d1_resources: 0,
      r2_resources: 0,
      total_resources: 0,
      projects: shown.projects.length,
      capsules: shown.capsules.length,
    },
    truncated: projects.length > most || capsules.length > most,
  };
}
