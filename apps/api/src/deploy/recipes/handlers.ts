import { canonicalProvider } from "@takosumi/contracts/deploy/provider-address";
import { recipes as contract } from "@takosumi/contracts/deploy/recipes";
import { ApiError } from "@takosumi/contracts/errors";
import { serves } from "@takosumi/recipes/define";
import { recipeOf, recipes } from "@takosumi/recipes/registry";
import { implement } from "../../world.ts";
import { shown } from "./shown.ts";

const all = recipes.map((recipe) => ({ recipe, shown: shown(recipe) }));

export const recipeHandlers = () =>
  implement(contract, {
    list: ({ input: { provider } }) => {
      const address = provider && canonicalProvider(provider);
      return { recipes: all.filter(({ recipe }) => address === undefined || serves(recipe, address)).map((one) => one.shown) };
    },
    read: ({ input: { id } }) => {
      const recipe = recipeOf(id);
      if (recipe) return { recipe: shown(recipe) };
      const message = `is not a recipe: one of ${recipes.map((one) => one.id).join(", ")}`;
      throw new ApiError("NOT_FOUND", `id: ${message}`, { fields: [{ path: "id", message }] });
    },
  });
