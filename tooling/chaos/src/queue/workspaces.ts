import { randomBytes } from "node:crypto";
import type { World } from "../world/world.ts";

/** Workspaces of the first owner, each with a Capsule; answers the Capsule by Workspace. */
export async function workspacesWithCapsule({ database, user }: World, count: number): Promise<Map<string, string>> {
  const source = { kind: "inline", files: { "main.tf": 'resource "terraform_data" "a" {}\n' } };
  const capsules = new Map<string, string>();
  for (let made = 0; made < count; made++) {
    const id = `ws_${randomBytes(8).toString("hex")}`;
    await database.rows(
      `WITH owner AS (SELECT id FROM users ORDER BY created_at LIMIT 1),
         made AS (INSERT INTO workspaces (id, slug, name, kind, owner_id) SELECT $1, $2, $2, 'team', id FROM owner RETURNING id)
       INSERT INTO members (workspace_id, user_id, role) SELECT $1, id, 'owner' FROM owner`,
      [id, `queue-${made}`],
    );
    const { project } = await user.ok("POST", "/api/projects", { name: "queue", workspace_id: id });
    const { capsule } = await user.ok("POST", "/api/capsules", { project_id: project.id, name: "queue", source });
    capsules.set(id, capsule.id);
  }
  return capsules;
}
