import type { Recipe } from "../define.ts";
import { optional, secret, token } from "../fields.ts";

export const hcloud = {
  id: "hcloud",
  title: "Hetzner Cloud",
  about: "Servers, networks and volumes of one project.",
  providers: ["registry.opentofu.org/hetznercloud/hcloud"],
  defaultMode: "token",
  modes: {
    token: {
      title: "API token",
      about: "A token of one project.",
      fields: {
        HCLOUD_TOKEN: secret("API token", "With the permissions that the module needs.", token),
        PLAN_TOKEN: secret("API token for plans", "One that may only read, used while a plan is made.", { ...token, ...optional }),
      },
      env: { HCLOUD_TOKEN: { field: "HCLOUD_TOKEN", plan: "PLAN_TOKEN" } },
    },
  },
} as const satisfies Recipe;
