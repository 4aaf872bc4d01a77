import type { Recipe } from "../define.ts";
import { optional, plain, secret } from "../fields.ts";

const place = {
  GOOGLE_PROJECT: plain("Project", "Id of the project, for blocks that name none.", {
    ...optional,
    pattern: "[a-z0-9.:-]{4,100}",
    example: "acme-prod",
  }),
  GOOGLE_REGION: plain("Region", "For blocks that name none.", { ...optional, pattern: "[a-z]+-[a-z]+\\d+", example: "europe-west1" }),
  GOOGLE_ZONE: plain("Zone", "For blocks that name none.", { ...optional, pattern: "[a-z]+-[a-z]+\\d+-[a-z]", example: "europe-west1-b" }),
};
const placeEnv = {
  GOOGLE_PROJECT: { field: "GOOGLE_PROJECT" },
  GOOGLE_REGION: { field: "GOOGLE_REGION" },
  GOOGLE_ZONE: { field: "GOOGLE_ZONE" },
};
const email = {
  ...optional,
  pattern: "[a-z0-9.-]+@[a-z0-9.-]+\\.gserviceaccount\\.com",
  example: "deploy@acme-prod.iam.gserviceaccount.com",
};

/** Both of Google's providers read the same variables; an argument of theirs beats any of them. */
export const google = {
  id: "google",
  title: "Google Cloud",
  about: "Everything that the Google providers manage.",
  providers: ["registry.opentofu.org/hashicorp/google", "registry.opentofu.org/hashicorp/google-beta"],
  defaultMode: "service_account_json",
  modes: {
    service_account_json: {
      title: "Service account key",
      about: "The JSON file of a service account's key.",
      fields: {
        SERVICE_ACCOUNT_JSON: secret("Key file", "The whole JSON file, as it was downloaded.", {
          multiline: true,
          pattern: "\\s*\\{[^\\0]*\\}\\s*",
        }),
        ...place,
        GOOGLE_IMPERSONATE_SERVICE_ACCOUNT: plain("Service account to act as", "Another account that this one may impersonate.", email),
        PLAN_IMPERSONATE_SERVICE_ACCOUNT: plain("The same for plans", "An account that may only read, used while a plan is made.", email),
      },
      env: {
        GOOGLE_APPLICATION_CREDENTIALS: { file: "service-account.json" },
        ...placeEnv,
        GOOGLE_IMPERSONATE_SERVICE_ACCOUNT: { field: "GOOGLE_IMPERSONATE_SERVICE_ACCOUNT", plan: "PLAN_IMPERSONATE_SERVICE_ACCOUNT" },
      },
      files: { "service-account.json": { field: "SERVICE_ACCOUNT_JSON" } },
      byArguments: {
        files: { "service-account.json": { field: "SERVICE_ACCOUNT_JSON" } },
        arguments: {
          credentials: { file: "service-account.json" },
          project: { field: "GOOGLE_PROJECT", yields: true },
          region: { field: "GOOGLE_REGION", yields: true },
          zone: { field: "GOOGLE_ZONE", yields: true },
          impersonate_service_account: { field: "GOOGLE_IMPERSONATE_SERVICE_ACCOUNT", yields: true },
        },
      },
    },
    access_token: {
      title: "Access token",
      about: "A token that lives an hour at most, made somewhere else.",
      fields: {
        GOOGLE_OAUTH_ACCESS_TOKEN: secret("Access token", "As gcloud auth print-access-token prints it.", { pattern: "[!-~]{20,4096}" }),
        ...place,
      },
      env: { GOOGLE_OAUTH_ACCESS_TOKEN: { field: "GOOGLE_OAUTH_ACCESS_TOKEN" }, ...placeEnv },
    },
  },
} as const satisfies Recipe;
