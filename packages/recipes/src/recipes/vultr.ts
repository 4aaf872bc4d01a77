import type { Recipe } from "../define.ts";
import { optional, secret, token } from "../fields.ts";

export const vultr = {
  id: "vultr",
  title: "Vultr",
  about: "Instances, networks and storage.",
  providers: ["registry.opentofu.org/vultr/vultr"],
  defaultMode: "token",
  modes: {
    token: {
      title: "API key",
      about: "The key of an account or a sub-user.",
      fields: {
        VULTR_API_KEY: secret("API key", "With the permissions that the module needs.", token),
        PLAN_TOKEN: secret("API key for plans", "One that may only read, used while a plan is made.", { ...token, ...optional }),
      },
      env: { VULTR_API_KEY: { field: "VULTR_API_KEY", plan: "PLAN_TOKEN" } },
    },
  },
} as const satisfies Recipe;
