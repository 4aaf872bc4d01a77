import { z } from "zod";
import { idOf } from "../fields.ts";

/** Which fields there are, what they may hold and which files may be given is for the recipe to say. */
const field = z.string().min(1).max(128);

/** What a connection is made of. Written and never read back. */
export const materialInput = {
  values: z.record(field, z.string().max(131_072)).meta({ description: "Fields of the recipe, as text" }),
  secrets: z.record(field, idOf("secret")).meta({
    description: "Fields whose value is that of a Secret of the same Workspace, and follows it when it is replaced",
  }),
  files: z
    .array(
      z.strictObject({
        path: z.string().min(1).max(200),
        content: z.string().max(262_144),
        env_name: z.string().max(128).optional().meta({ description: "The variable that holds the path of the file" }),
      }),
    )
    .max(50)
    .meta({ description: "Files, for a recipe that lets you declare your own" }),
} as const;
