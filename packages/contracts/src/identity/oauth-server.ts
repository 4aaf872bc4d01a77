import { z } from "zod";
import { anyone, credential, signedIn } from "../access.ts";
import { family, protocol } from "../define.ts";
import { exampleId } from "../example.ts";
import { authorizeRequest, csrfToken } from "./authorize-request.ts";

const form = ["application/x-www-form-urlencoded"] as const;
const json = ["application/json"] as const;
/** Of a form or a registration. */
const limit = 64 * 1024;
const access = credential("oauth-client");
/** Clients show themselves; the server records what it does in the chain of whom it concerns. */
const audit = "none: the server records it with the person or client that it is about";
const about = "Speaks as its RFC says, errors included: `{error, error_description}`.";

export const oauthServer = family(
  "oauthServer",
  { context: "identity", about: "The OAuth 2.1 and OpenID Connect endpoints that clients speak to." },
  {
    authorize: protocol.get("/oauth/authorize", {
      summary: "Ask somebody for access (authorization code with PKCE)",
      about: `${about} Answers a redirect to the client, to the sign-in, or the page that asks for consent.`,
      access: anyone,
      audit,
      produces: ["text/html", ...json],
    }),
    decide: protocol.post("/oauth/authorize", {
      summary: "The page's answer: go back to the app with a code, or with an error",
      access: anyone,
      audit,
      body: z.strictObject({ ...authorizeRequest, action: z.string().max(20), csrf_token: csrfToken }),
      examples: [{ summary: "No", value: { client_id: exampleId("oauth_client"), action: "deny", csrf_token: "as the page says" } }],
      produces: ["text/html", ...json],
      limit,
    }),
    device: protocol.get("/oauth/device", {
      summary: "The page where a person enters the code of a device, and is asked about it",
      access: anyone,
      audit,
      query: z.object({ user_code: z.string().max(40).optional() }),
      produces: ["text/html"],
    }),
    decideDevice: protocol.post("/oauth/device", {
      summary: "The page's answer: the device is allowed, or turned away",
      access: anyone,
      audit,
      body: z.strictObject({ user_code: z.string().max(40), action: z.string().max(20), csrf_token: csrfToken }),
      examples: [{ summary: "No", value: { user_code: "BCDF-GHJK", action: "deny", csrf_token: "as the page says" } }],
      produces: ["text/html"],
      limit,
    }),
    token: protocol.post("/oauth/token", {
      summary: "Exchange a code, a refresh token, a device code or a client's secret for an access token",
      about,
      speaks: "oauth",
      access,
      audit,
      accepts: form,
      produces: json,
      limit,
    }),
    deviceCode: protocol.post("/oauth/device/code", {
      summary: "Begin the device flow (RFC 8628)",
      about,
      speaks: "oauth",
      access,
      audit,
      accepts: form,
      produces: json,
      limit,
    }),
    introspect: protocol.post("/oauth/introspect", {
      summary: "Whether a token of one's own is good, and for what (RFC 7662)",
      about,
      speaks: "oauth",
      access,
      audit,
      accepts: form,
      produces: json,
      limit,
    }),
    revoke: protocol.post("/oauth/revoke", {
      summary: "End a token of one's own (RFC 7009)",
      about,
      speaks: "oauth",
      access,
      audit,
      accepts: form,
      produces: json,
      limit,
    }),
    userinfo: protocol.get("/oauth/userinfo", {
      summary: "Who an access token with openid acts for",
      about,
      speaks: "oauth",
      access,
      audit: "none: nothing changes",
      produces: json,
    }),
    register: protocol.post("/oauth/register", {
      summary: "Register a client (RFC 7591), with a person's token",
      about: `${about} The bearer is a person's own token that may \`account:credentials\`, which no OAuth token may.`,
      speaks: "oauth",
      access: signedIn("account:credentials"),
      audit: "oauth.client_registered",
      accepts: json,
      produces: json,
      limit,
      status: 201,
      errors: ["CONFLICT"],
    }),
    readClient: protocol.get("/oauth/register/:clientId", {
      summary: "Read a registration, with its registration access token (RFC 7592)",
      about,
      speaks: "oauth",
      access,
      audit: "none: nothing changes",
      produces: json,
    }),
    replaceClient: protocol.put("/oauth/register/:clientId", {
      summary: "Replace a registration as a whole; the answer holds a new registration access token",
      about,
      speaks: "oauth",
      access,
      audit: "oauth.client_updated",
      accepts: json,
      produces: json,
      limit,
    }),
    removeClient: protocol.del("/oauth/register/:clientId", {
      summary: "Revoke a client: all its tokens end at once",
      about,
      speaks: "oauth",
      access,
      audit: "oauth.client_deleted",
      produces: json,
      status: 204,
    }),
  },
);
