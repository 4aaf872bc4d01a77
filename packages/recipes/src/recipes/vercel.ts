import type { Recipe } from "../define.ts";
import { optional, secret, token } from "../fields.ts";

export const vercel = {
  id: "vercel",
  title: "Vercel",
  about: "Projects, domains and deployments.",
  providers: ["registry.opentofu.org/vercel/vercel"],
  defaultMode: "token",
  modes: {
    token: {
      title: "API token",
      about: "A token of an account, for one team or all.",
      fields: {
        VERCEL_API_TOKEN: secret("API token", "With the permissions that the module needs.", token),
        PLAN_TOKEN: secret("API token for plans", "One that may only read, used while a plan is made.", { ...token, ...optional }),
      },
      env: { VERCEL_API_TOKEN: { field: "VERCEL_API_TOKEN", plan: "PLAN_TOKEN" } },
    },
  },
} as const satisfies Recipe;
