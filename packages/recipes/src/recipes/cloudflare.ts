import type { Recipe } from "../define.ts";
import { optional, plain, secret, token } from "../fields.ts";

const CLOUDFLARE_ACCOUNT_ID = plain("Account id", "For modules that read it from the environment.", {
  ...optional,
  pattern: "[0-9a-f]{32}",
  example: "0123456789abcdef0123456789abcdef",
});

export const cloudflare = {
  id: "cloudflare",
  title: "Cloudflare",
  about: "Zones, DNS, Workers and the rest of a Cloudflare account.",
  providers: ["registry.opentofu.org/cloudflare/cloudflare"],
  defaultMode: "api_token",
  modes: {
    api_token: {
      title: "API token",
      about: "A token of a user or an account, with the permissions that the module needs.",
      fields: {
        CLOUDFLARE_API_TOKEN: secret("API token", "Made under My Profile, API Tokens.", token),
        PLAN_API_TOKEN: secret("API token for plans", "One that may only read, used while a plan is made.", { ...token, ...optional }),
        CLOUDFLARE_ACCOUNT_ID,
      },
      env: {
        CLOUDFLARE_API_TOKEN: { field: "CLOUDFLARE_API_TOKEN", plan: "PLAN_API_TOKEN" },
        CLOUDFLARE_ACCOUNT_ID: { field: "CLOUDFLARE_ACCOUNT_ID" },
      },
    },
    global_api_key: {
      title: "Global API key",
      about: "The key of a whole account. A token is safer.",
      fields: {
        CLOUDFLARE_EMAIL: plain("E-mail", "That the account is signed in with.", {
          pattern: "[^\\s@]+@[^\\s@]+",
          example: "ops@example.com",
        }),
        CLOUDFLARE_API_KEY: secret("Global API key", "Shown under My Profile, API Tokens.", token),
        CLOUDFLARE_ACCOUNT_ID,
      },
      env: {
        CLOUDFLARE_EMAIL: { field: "CLOUDFLARE_EMAIL" },
        CLOUDFLARE_API_KEY: { field: "CLOUDFLARE_API_KEY" },
        CLOUDFLARE_ACCOUNT_ID: { field: "CLOUDFLARE_ACCOUNT_ID" },
      },
    },
  },
} as const satisfies Recipe;
