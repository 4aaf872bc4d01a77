import { canonicalProvider } from "@takosumi/contracts/deploy/provider-address";
import { checkMaterial, type GivenMaterial } from "@takosumi/recipes/check";
import { type Mode, serves } from "@takosumi/recipes/define";
import { recipeOf, recipes } from "@takosumi/recipes/registry";
import { modeOf } from "@takosumi/run-engine/connection-reading";
import { invalid } from "@takosumi/transport/issues";

/** The recipe and mode that a new connection is made by: known here, and made for its provider. */
export function chosenRecipe(given: { readonly id: string; readonly auth_mode?: string | undefined }, provider: string) {
  const recipe = recipeOf(given.id);
  if (!recipe) throw invalid([{ path: "recipe.id", message: `is not a recipe: one of ${recipes.map(({ id }) => id).join(", ")}` }]);
  const auth_mode = given.auth_mode ?? recipe.defaultMode;
  const mode = modeOf(recipe, auth_mode);
  if (!mode) {
    const modes = Object.keys(recipe.modes).join(", ");
    throw invalid([{ path: "recipe.auth_mode", message: `is not a mode of ${recipe.id}: one of ${modes}` }]);
  }
  const address = canonicalProvider(provider);
  if (!serves(recipe, address)) {
    const served = recipe.providers === "*" ? "any" : recipe.providers.join(", ");
    throw invalid([{ path: "provider", message: `${address} is not served by the recipe ${recipe.id}, which serves ${served}` }]);
  }
  return { recipe, auth_mode, mode, provider: address };
}

/** 400 with every field that is missing, unknown or not as the recipe wants it. */
export function refuseUnfit(mode: Mode, given: GivenMaterial): void {
  const issues = checkMaterial(mode, given);
  if (issues.length > 0) throw invalid(issues.map(({ path, message }) => ({ path: path.map(String).join("."), message })));
}
