import type { Recipe } from "../define.ts";
import { optional, pem, plain, secret, token, url } from "../fields.ts";

const where = {
  GITHUB_OWNER: plain("Owner", "The organization or user that is managed.", { ...optional, pattern: "[\\w.-]{1,100}", example: "acme" }),
  GITHUB_BASE_URL: plain("API address", "Of a GitHub Enterprise Server.", { ...optional, ...url, example: "https://github.example.com/" }),
};
const whereEnv = { GITHUB_OWNER: { field: "GITHUB_OWNER" }, GITHUB_BASE_URL: { field: "GITHUB_BASE_URL" } };

export const github = {
  id: "github",
  title: "GitHub",
  about: "Repositories, teams and settings.",
  providers: ["registry.opentofu.org/integrations/github", "registry.opentofu.org/hashicorp/github"],
  defaultMode: "token",
  modes: {
    token: {
      title: "Token",
      about: "A fine-grained or classic personal access token.",
      fields: {
        GITHUB_TOKEN: secret("Token", "With the permissions that the module needs.", token),
        PLAN_TOKEN: secret("Token for plans", "One that may only read, used while a plan is made.", { ...token, ...optional }),
        ...where,
      },
      env: { GITHUB_TOKEN: { field: "GITHUB_TOKEN", plan: "PLAN_TOKEN" }, ...whereEnv },
    },
    app: {
      title: "App",
      about: "An installed GitHub App. The module's provider block needs an empty app_auth {} in it.",
      fields: {
        GITHUB_APP_ID: plain("App id", "A number.", { pattern: "\\d{1,20}", example: "123456" }),
        GITHUB_APP_INSTALLATION_ID: plain("Installation id", "A number.", { pattern: "\\d{1,20}", example: "12345678" }),
        GITHUB_APP_PEM_FILE: secret("Private key", "The text of the .pem file.", pem),
        ...where,
      },
      env: {
        GITHUB_APP_ID: { field: "GITHUB_APP_ID" },
        GITHUB_APP_INSTALLATION_ID: { field: "GITHUB_APP_INSTALLATION_ID" },
        GITHUB_APP_PEM_FILE: { field: "GITHUB_APP_PEM_FILE" },
        ...whereEnv,
      },
    },
  },
} as const satisfies Recipe;
