import { exampleId, exampleTime } from "../../example.ts";

export const oauthClientExample = {
  client_id: exampleId("oauth_client"),
  name: "Deploy board",
  description: null,
  logo_uri: null,
  client_uri: "https://board.example.com",
  redirect_uris: ["https://board.example.com/callback"],
  allowed_scopes: ["openid", "spaces:read"],
  client_type: "confidential",
  status: "active",
  created_at: exampleTime(),
  updated_at: exampleTime(),
};
const { client_type: _type, created_at: _made, updated_at: _changed, ...kept } = oauthClientExample;
export const changedClientExample = { id: kept.client_id, ...kept };

export const registrationExample = {
  client_id: exampleId("oauth_client"),
  client_secret: "shown-this-once",
  client_id_issued_at: 1_795_766_400,
  client_secret_expires_at: 0,
  registration_access_token: "tak_reg_shown-this-once",
  registration_client_uri: `http://127.0.0.1:8787/oauth/register/${exampleId("oauth_client")}`,
  client_name: "Deploy board",
  redirect_uris: ["https://board.example.com/callback"],
  grant_types: ["authorization_code", "refresh_token"],
  response_types: ["code"],
  token_endpoint_auth_method: "client_secret_basic",
  scope: "openid spaces:read",
};

export const consentExample = {
  client_id: exampleId("oauth_client"),
  client_name: "Deploy board",
  client_uri: "https://board.example.com",
  scopes: ["openid", "spaces:read"],
  granted_at: exampleTime(),
  updated_at: exampleTime(),
};

export const oauthLogExample = {
  client_id: exampleId("oauth_client"),
  event_type: "token_issued",
  ip_address: "203.0.113.7",
  user_agent: "board/1.0",
  details: { grant_type: "authorization_code", scope: "openid spaces:read" },
  created_at: exampleTime(),
};
