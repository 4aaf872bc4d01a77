import type { Recipe } from "../define.ts";
import { optional, secret, token } from "../fields.ts";

export const digitalocean = {
  id: "digitalocean",
  title: "DigitalOcean",
  about: "Droplets, clusters, databases and Spaces.",
  providers: ["registry.opentofu.org/digitalocean/digitalocean"],
  defaultMode: "token",
  modes: {
    token: {
      title: "Access token",
      about: "A personal access token, and keys for Spaces where the module manages those.",
      fields: {
        DIGITALOCEAN_TOKEN: secret("Access token", "With the scopes that the module needs.", token),
        PLAN_TOKEN: secret("Access token for plans", "One that may only read, used while a plan is made.", { ...token, ...optional }),
        SPACES_ACCESS_KEY_ID: secret("Spaces key id", "For buckets and their objects.", { ...optional, ...token }),
        SPACES_SECRET_ACCESS_KEY: secret("Spaces secret key", "Belongs to the key id.", { ...optional, ...token }),
      },
      together: [["SPACES_ACCESS_KEY_ID", "SPACES_SECRET_ACCESS_KEY"]],
      env: {
        DIGITALOCEAN_TOKEN: { field: "DIGITALOCEAN_TOKEN", plan: "PLAN_TOKEN" },
        SPACES_ACCESS_KEY_ID: { field: "SPACES_ACCESS_KEY_ID" },
        SPACES_SECRET_ACCESS_KEY: { field: "SPACES_SECRET_ACCESS_KEY" },
      },
    },
  },
} as const satisfies Recipe;
