import type { Recipe } from "../define.ts";
import { optional, plain, secret, uuid } from "../fields.ts";

const accessKey = { pattern: "SCW[A-Z0-9]{17}", example: "SCWXXXXXXXXXXXXXXXXX" };

export const scaleway = {
  id: "scaleway",
  title: "Scaleway",
  about: "Instances, clusters, databases and storage.",
  providers: ["registry.opentofu.org/scaleway/scaleway"],
  defaultMode: "api_key",
  modes: {
    api_key: {
      title: "API key",
      about: "The key of an application or a user.",
      fields: {
        SCW_ACCESS_KEY: secret("Access key", "Begins with SCW.", accessKey),
        SCW_SECRET_KEY: secret("Secret key", "Shown once, when the key is made.", { pattern: uuid.pattern }),
        PLAN_ACCESS_KEY: secret("Access key for plans", "One that may only read, used while a plan is made.", {
          ...accessKey,
          ...optional,
        }),
        PLAN_SECRET_KEY: secret("Secret key for plans", "Belongs to it.", { ...optional, pattern: uuid.pattern }),
        SCW_DEFAULT_PROJECT_ID: plain("Project id", "For blocks that name none.", { ...uuid, ...optional }),
        SCW_DEFAULT_ORGANIZATION_ID: plain("Organization id", "For what belongs to no project.", { ...uuid, ...optional }),
        SCW_DEFAULT_REGION: plain("Region", "For blocks that name none.", { ...optional, pattern: "[a-z]{2}-[a-z]{3}", example: "fr-par" }),
        SCW_DEFAULT_ZONE: plain("Zone", "For blocks that name none.", {
          ...optional,
          pattern: "[a-z]{2}-[a-z]{3}-\\d",
          example: "fr-par-1",
        }),
      },
      together: [["PLAN_ACCESS_KEY", "PLAN_SECRET_KEY"]],
      env: {
        SCW_ACCESS_KEY: { field: "SCW_ACCESS_KEY", plan: "PLAN_ACCESS_KEY" },
        SCW_SECRET_KEY: { field: "SCW_SECRET_KEY", plan: "PLAN_SECRET_KEY" },
        SCW_DEFAULT_PROJECT_ID: { field: "SCW_DEFAULT_PROJECT_ID" },
        SCW_DEFAULT_ORGANIZATION_ID: { field: "SCW_DEFAULT_ORGANIZATION_ID" },
        SCW_DEFAULT_REGION: { field: "SCW_DEFAULT_REGION" },
        SCW_DEFAULT_ZONE: { field: "SCW_DEFAULT_ZONE" },
      },
    },
  },
} as const satisfies Recipe;
