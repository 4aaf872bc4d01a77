import type { Recipe } from "../define.ts";
import { optional, plain, secret, token } from "../fields.ts";

export const gitlab = {
  id: "gitlab",
  title: "GitLab",
  about: "Groups, projects and settings.",
  providers: ["registry.opentofu.org/gitlabhq/gitlab"],
  defaultMode: "token",
  modes: {
    token: {
      title: "Token",
      about: "A personal, group or project access token.",
      fields: {
        GITLAB_TOKEN: secret("Token", "With the scope api.", token),
        PLAN_TOKEN: secret("Token for plans", "One with the scope read_api, used while a plan is made.", { ...token, ...optional }),
        GITLAB_BASE_URL: plain("API address", "Of a GitLab of your own; ends with a slash.", {
          ...optional,
          pattern: "https?://[^\\s@]{1,2000}/",
          example: "https://gitlab.example.com/api/v4/",
        }),
      },
      env: { GITLAB_TOKEN: { field: "GITLAB_TOKEN", plan: "PLAN_TOKEN" }, GITLAB_BASE_URL: { field: "GITLAB_BASE_URL" } },
    },
  },
} as const satisfies Recipe;
