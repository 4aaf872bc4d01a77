import { exampleId, exampleTime } from "../../example.ts";

export const meExample = { email: "ada@example.com", name: "Ada", username: "ada", picture: null, setup_completed: true };
export const personalSpaceExample = {
  id: exampleId("workspace"),
  slug: "ada",
  name: "Ada",
  owner_principal_id: exampleId("user"),
  kind: "user" as const,
  created_at: exampleTime(),
  updated_at: exampleTime(),
};
export const accountSettingsExample = {
  setup_completed: true,
  auto_update_enabled: true,
  private_account: false,
  activity_visibility: "public" as const,
  ai_model: "claude-sonnet-4-6",
  available_models: ["claude-sonnet-4-6"],
};
export const accessTokenExample = {
  id: exampleId("token"),
  name: "ci",
  token_prefix: "tak_pat_Yx3k",
  scopes: '["run:plan","run:read"]',
  expires_at: null,
  last_used_at: null,
  created_at: exampleTime(),
};
export const sessionExample = {
  id: exampleId("session"),
  kind: "browser" as const,
  method: "password" as const,
  current: true,
  address: "192.0.2.7",
  user_agent: "Mozilla/5.0",
  created_at: exampleTime(),
  last_used_at: exampleTime(60),
  expires_at: exampleTime(604_800),
};
export const accountExample = {
  email: "ada@example.com",
  username: "ada",
  display_name: "Ada",
  avatar_url: null,
  auth_identities: [{ provider: "https://accounts.google.com", email: "ada@example.com" }],
};
