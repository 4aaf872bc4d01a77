import { z } from "zod";
import { anyone } from "../access.ts";
import { family, get } from "../define.ts";

/** A repository to begin with. */
export const SeedRepository = z
  .object({ url: z.url({ protocol: /^https$/ }), name: z.string(), description: z.string(), category: z.string(), checked: z.boolean() })
  .meta({
    id: "SeedRepository",
    examples: [
      { url: "https://git.example.com/hello.git", name: "hello", description: "A first module.", category: "examples", checked: true },
    ],
  });

export const seedRepositories = family(
  "seedRepositories",
  { context: "tenancy", about: "Repositories that a new space may begin with." },
  {
    list: get("/api/seed-repositories", {
      summary: "Repositories to begin with, in the order to show them",
      access: anyone,
      output: z.object({ repositories: z.array(SeedRepository) }),
    }),
  },
);
