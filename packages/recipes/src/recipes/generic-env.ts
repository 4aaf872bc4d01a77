import type { Recipe } from "../define.ts";

export const genericEnv = {
  id: "generic-env",
  title: "Any provider",
  about: "Environment variables and files of your own choice, for a provider that has no recipe of its own.",
  providers: "*",
  defaultMode: "env",
  modes: {
    env: {
      title: "Variables and files",
      about: "Every name is injected as you give it. A file may have a variable that holds its path.",
      fields: {},
      userDefined: true,
    },
  },
} as const satisfies Recipe;
