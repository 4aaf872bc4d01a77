import { seedRepositories } from "@takosumi/contracts/tenancy/seed-repositories";
import type { Resources } from "../../resources.ts";
import { implement } from "../../world.ts";

export const seedRepositoryHandlers = ({ settings }: Pick<Resources, "settings">) => {
  const answer = { repositories: [...settings.seed_repositories] };
  return implement(seedRepositories, { list: () => answer });
};
