import { exampleId, exampleTime } from "../../example.ts";

export const spaceExample = {
  id: exampleId("workspace"),
  slug: "acme",
  name: "Acme",
  description: null,
  kind: "team" as const,
  owner_principal_id: exampleId("user"),
  automation_principal_id: null,
  security_posture: "standard" as const,
  role: "owner" as const,
  created_at: exampleTime(),
  updated_at: exampleTime(),
};
export const memberExample = {
  username: "ada",
  email: "ada@example.com",
  name: "Ada",
  picture: null,
  kind: "user" as const,
  role: "editor" as const,
  created_at: exampleTime(),
};
export const spaceTokenExample = {
  id: exampleId("token"),
  name: "deploy bot",
  username: "svc.01jd4r6m3xk8",
  role: "editor" as const,
  token_prefix: "tak_pat_Yx3k",
  scopes: '["run:plan"]',
  expires_at: null,
  last_used_at: null,
  created_at: exampleTime(),
};
export const invitationExample = {
  id: exampleId("invitation"),
  email: "ada@example.com",
  username: null,
  role: "editor" as const,
  invited_by: { id: exampleId("user"), name: "Grace" },
  created_at: exampleTime(),
  expires_at: exampleTime(604_800),
};
export const shortcutExample = {
  id: exampleId("shortcut"),
  user_id: exampleId("user"),
  space_id: exampleId("workspace"),
  resource_type: "service" as const,
  resource_id: exampleId("capsule"),
  name: "Web",
  icon: null,
  position: 0,
  created_at: exampleTime(),
  updated_at: exampleTime(),
  service_hostname: null,
  service_status: "active",
  resource_name: null,
  resource_type_name: null,
};
export const shortcutItemExample = {
  type: "link" as const,
  id: exampleId("shortcut_item"),
  label: "Status",
  url: "https://status.example.com",
};
export const shortcutGroupExample = {
  id: exampleId("shortcut_group"),
  spaceId: exampleId("workspace"),
  name: "Operations",
  items: [shortcutItemExample],
  createdAt: exampleTime(),
  updatedAt: exampleTime(),
};
