import type { Recipe } from "./define.ts";
import { aws } from "./recipes/aws.ts";
import { cloudflare } from "./recipes/cloudflare.ts";
import { genericEnv } from "./recipes/generic-env.ts";

/** Every recipe, in the order in which a person looks for one. */
export const recipes: readonly Recipe[] = [aws, cloudflare, genericEnv];

const byId = new Map(recipes.map((recipe) => [recipe.id, recipe]));
export const recipeOf = (id: string): Recipe | undefined => byId.get(id);
