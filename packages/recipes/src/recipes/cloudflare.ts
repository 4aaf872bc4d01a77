import type { Recipe } from "../define.ts";

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
        CLOUDFLARE_API_TOKEN: {
          title: "API token",
          about: "Made under My Profile, API Tokens.",
          secret: true,
          required: true,
          pattern: "[A-Za-z0-9_-]{20,200}",
        },
        PLAN_API_TOKEN: {
          title: "API token for plans",
          about: "A token that may only read, used while a plan is made.",
          secret: true,
          required: false,
          pattern: "[A-Za-z0-9_-]{20,200}",
        },
        CLOUDFLARE_ACCOUNT_ID: {
          title: "Account id",
          about: "For modules that read it from the environment.",
          secret: false,
          required: false,
          pattern: "[0-9a-f]{32}",
          example: "0123456789abcdef0123456789abcdef",
        },
      },
      env: {
        CLOUDFLARE_API_TOKEN: { field: "CLOUDFLARE_API_TOKEN", plan: "PLAN_API_TOKEN" },
        CLOUDFLARE_ACCOUNT_ID: { field: "CLOUDFLARE_ACCOUNT_ID" },
      },
    },
  },
} as const satisfies Recipe;
