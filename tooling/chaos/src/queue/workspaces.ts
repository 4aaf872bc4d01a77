import type { World } from "../world/world.ts";

/** Spaces of the first owner, each with a Capsule; answers the Capsules. */
export async function capsulesInSpaces({ user }: World, count: number): Promise<string[]> {
  const source = { kind: "inline", files: { "main.tf": 'resource "terraform_data" "a" {}\n' } };
  const capsules: string[] = [];
  while (capsules.length < count) {
    const { space } = await user.ok("POST", "/api/spaces", { name: `queue ${capsules.length}` });
    const { project } = await user.ok("POST", "/api/projects", { name: "queue", workspace_id: space.id });
    const { capsule } = await user.ok("POST", "/api/capsules", { project_id: project.id, name: "queue", source });
    capsules.push(capsule.id);
  }
  return capsules;
}
