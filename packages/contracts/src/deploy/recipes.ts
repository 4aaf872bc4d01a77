import { z } from "zod";
import { signedIn } from "../access.ts";
import { family, get } from "../define.ts";
import { recipeExample } from "./examples/connection.ts";
import { ProviderAddress } from "./provider-address.ts";

const RecipeField = z.object({
  name: z.string(),
  title: z.string(),
  about: z.string(),
  secret: z.boolean().meta({ description: "Whether a form hides it" }),
  required: z.boolean(),
  multiline: z.boolean(),
  pattern: z.string().nullable().meta({ description: "A regular expression that the whole value fits" }),
  choices: z.array(z.string()).nullable(),
  example: z.string().nullable(),
  default: z.string().nullable(),
  max_length: z.int().nullable(),
});
const RecipeMode = z.object({
  id: z.string(),
  title: z.string(),
  about: z.string(),
  fields: z.array(RecipeField),
  one_of: z.array(z.array(z.string())).meta({ description: "Of each group, at least one field is needed" }),
  together: z.array(z.array(z.string())).meta({ description: "Of each group, all fields are given, or none" }),
  env_names: z.array(z.string()).meta({ description: "Environment variables that a Run may get" }),
  file_env_names: z.array(z.string()).meta({ description: "Environment variables that hold the path of a file that a Run may get" }),
  user_defined: z.boolean().meta({ description: "Whether any other variables and files may be declared" }),
  exchanged: z.boolean().meta({ description: "Whether a Run gets temporary credentials, made from these for each phase" }),
  aliases: z.boolean().meta({ description: "Whether two aliases of one provider may each have a connection of their own" }),
});

export const Recipe = z
  .object({
    id: z.string(),
    title: z.string(),
    about: z.string(),
    providers: z.array(z.string()).meta({ description: "Providers that it serves; empty: any" }),
    default_mode: z.string(),
    modes: z.array(RecipeMode),
  })
  .meta({ id: "Recipe", examples: [recipeExample] });

export const recipes = family(
  "recipes",
  { context: "deploy", about: "What providers need, and how a Run gets it." },
  {
    list: get("/api/recipes", {
      summary: "Recipes, with the fields of each mode; of one provider where it is named",
      access: signedIn,
      query: z.object({ provider: ProviderAddress.optional() }),
      output: z.object({ recipes: z.array(Recipe) }),
    }),
    read: get("/api/recipes/:id", {
      summary: "A recipe",
      access: signedIn,
      output: z.object({ recipe: Recipe }),
      errors: ["NOT_FOUND"],
    }),
  },
);
