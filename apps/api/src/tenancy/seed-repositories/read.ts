import { readFileSync } from "node:fs";
import { StartError } from "@takosumi/contracts/instance/start-errors";
import { SeedRepository } from "@takosumi/contracts/tenancy/seed-repositories";
import { z } from "zod";

const most = 200;
export type SeedRepositories = readonly z.infer<typeof SeedRepository>[];

/** The repositories of a JSON file, in its order; without one, those that come with the product. Throws a StartError that says what is wrong with it. */
export function readSeeds(path: string | undefined): SeedRepositories {
  try {
    const text = readFileSync(path ?? new URL("seeds.json", import.meta.url), "utf8");
    return z.array(SeedRepository).max(most).parse(JSON.parse(text));
  } catch (error) {
    const why = error instanceof z.ZodError ? z.prettifyError(error) : ((error as NodeJS.ErrnoException).code ?? "it is not JSON");
    throw new StartError("configuration", `TAKOSUMI_SEED_REPOSITORIES: ${path} is not a list of repositories: ${why}`);
  }
}
