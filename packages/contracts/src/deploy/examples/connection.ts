import { exampleId, exampleTime } from "../../example.ts";

export const connectionExample = {
  id: exampleId("connection"),
  workspace_id: exampleId("workspace"),
  name: "aws-prod",
  provider: "registry.opentofu.org/hashicorp/aws",
  recipe: { id: "aws", auth_mode: "static_keys" },
  status: "ready",
  status_message: null,
  fields: ["AWS_ACCESS_KEY_ID", "AWS_REGION", "AWS_SECRET_ACCESS_KEY"],
  env_names: ["AWS_ACCESS_KEY_ID", "AWS_REGION", "AWS_SECRET_ACCESS_KEY"],
  file_env_names: [],
  used_by: { count: 1, capsules: [{ id: exampleId("capsule"), name: "web", project_id: exampleId("project") }] },
  expires_at: null,
  created_at: exampleTime(),
  updated_at: exampleTime(),
  rotated_at: exampleTime(),
  revoked_at: null,
};

const field = { required: true, multiline: false, choices: null, default: null, max_length: 4_096 };

export const recipeExample = {
  id: "cloudflare",
  title: "Cloudflare",
  about: "Zones, DNS, Workers and the rest of a Cloudflare account.",
  providers: ["registry.opentofu.org/cloudflare/cloudflare"],
  default_mode: "api_token",
  modes: [
    {
      id: "api_token",
      title: "API token",
      about: "A token of a user or an account, with the permissions that the module needs.",
      fields: [
        {
          ...field,
          name: "CLOUDFLARE_API_TOKEN",
          title: "API token",
          about: "Made under My Profile, API Tokens.",
          secret: true,
          pattern: "[A-Za-z0-9_-]{20,}",
          example: null,
        },
      ],
      one_of: [],
      together: [],
      env_names: ["CLOUDFLARE_API_TOKEN"],
      file_env_names: [],
      user_defined: false,
      exchanged: false,
      aliases: false,
    },
  ],
};
