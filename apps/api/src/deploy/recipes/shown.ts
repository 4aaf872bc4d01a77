import type { Recipe } from "@takosumi/contracts/deploy/recipes";
import type { Recipe as Data, Mode } from "@takosumi/recipes/define";
import { names } from "@takosumi/recipes/material";
import type { z } from "zod";

/** A recipe with all that a form is drawn from, in its order. */
export const shown = ({ id, title, about, providers, defaultMode, modes }: Data): z.infer<typeof Recipe> => ({
  id,
  title,
  about,
  providers: providers === "*" ? [] : [...providers],
  default_mode: defaultMode,
  modes: Object.entries(modes).map(([id, mode]) => modeOf(id, mode)),
});

function modeOf(id: string, mode: Mode): z.infer<typeof Recipe>["modes"][number] {
  const all = names(mode, Object.keys(mode.fields));
  return {
    id,
    title: mode.title,
    about: mode.about,
    fields: Object.entries(mode.fields).map(([name, field]) => ({
      name,
      title: field.title,
      about: field.about,
      secret: field.secret,
      required: field.required,
      multiline: field.multiline ?? false,
      pattern: field.pattern ?? null,
      choices: field.choices ? [...field.choices] : null,
      example: field.example ?? null,
      default: field.default ?? null,
      max_length: field.max ?? null,
    })),
    one_of: (mode.oneOf ?? []).map((group) => [...group]),
    together: (mode.together ?? []).map((group) => [...group]),
    env_names: all.env.map(({ name }) => name).sort(),
    file_env_names: all.files.flatMap(({ env_name }) => env_name ?? []).sort(),
    user_defined: mode.userDefined ?? false,
    exchanged: mode.exchange !== undefined,
    aliases: mode.byArguments !== undefined,
  };
}
