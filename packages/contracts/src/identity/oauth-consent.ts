import { z } from "zod";
import { session } from "../access.ts";
import { family, get, post } from "../define.ts";
import { authorizeRequest, csrfToken } from "./authorize-request.ts";

const client = z.object({ name: z.string(), logo_uri: z.string().nullable() });
const user = z.object({ email: z.string().nullable(), username: z.string() });
/** In sentences: who somebody is, and what may be done. Only what was not allowed before. */
const scopes = z.object({ identity: z.array(z.string()), resources: z.array(z.string()) });
const asking = { client, user, scopes, csrf_token: z.string() };
const asked = {
  client: { name: "Deploy board", logo_uri: null },
  user: { email: "ada@example.com", username: "ada" },
  scopes: { identity: ["Know that it is you"], resources: [] },
  csrf_token: "1795767000.tk1…",
};
const redirectUrl = "https://board.example.com/callback?code=…";
const userCode = z.string().max(40);

export const oauthConsent = family(
  "oauthConsent",
  { context: "identity", about: "The questions of the OAuth server to a person, for a console that asks them itself." },
  {
    authorizeContext: get("/api/oauth/authorize/context", {
      summary: "What an authorization request would ask",
      about: "Takes the very query of `GET /oauth/authorize`. `redirect_url` leads to the app, with a code or an error.",
      access: session,
      query: z.object(authorizeRequest),
      output: z
        .discriminatedUnion("status", [
          z.object({ status: z.literal("consent_required"), ...asking, params: z.record(z.string(), z.string()) }),
          z.object({ status: z.literal("auto_approved"), redirect_url: z.string() }),
          z.object({ status: z.literal("error_redirect"), redirect_url: z.string() }),
          z.object({ status: z.literal("login_required"), redirect_url: z.string() }),
        ])
        .meta({ examples: [{ status: "auto_approved", redirect_url: redirectUrl }] }),
    }),
    authorizeDecision: post("/api/oauth/authorize/decision", {
      summary: "Answer the question; the browser goes to redirect_url",
      access: session,
      audit: "none: the server records it with the consent",
      body: z.strictObject({ ...authorizeRequest, action: z.enum(["approve", "deny"]), csrf_token: csrfToken }),
      examples: [{ summary: "No", value: { action: "deny", client_id: "oac_…", csrf_token: "…" } }],
      output: z.object({ redirect_url: z.string().meta({ examples: [redirectUrl] }) }),
    }),
    deviceContext: get("/api/oauth/device/context", {
      summary: "What a device would be allowed",
      access: session,
      query: z.object({ user_code: userCode.optional() }),
      output: z
        .discriminatedUnion("status", [
          z.object({ status: z.literal("code_entry"), user }),
          z.object({ status: z.literal("consent_required"), user_code: z.string(), ...asking }),
          z.object({ status: z.literal("error"), title: z.string(), message: z.string() }),
        ])
        .meta({ examples: [{ status: "consent_required", user_code: "BCDF-GHJK", ...asked }] }),
    }),
    deviceDecision: post("/api/oauth/device/decision", {
      summary: "Allow a device, or turn it away",
      access: session,
      audit: "none: the server records it with the consent",
      body: z.strictObject({ user_code: userCode, action: z.enum(["approve", "deny"]), csrf_token: csrfToken }),
      examples: [{ summary: "No", value: { user_code: "BCDF-GHJK", action: "deny", csrf_token: "…" } }],
      output: z
        .object({ status: z.enum(["approved", "denied", "error"]), title: z.string(), message: z.string() })
        .meta({ examples: [{ status: "approved", title: "Device allowed", message: "You can close this page." }] }),
    }),
  },
);
