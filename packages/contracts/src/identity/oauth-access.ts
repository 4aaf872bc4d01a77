import { z } from "zod";
import { signedIn } from "../access.ts";
import { del, family, get } from "../define.ts";
import { count, idOf, nextCursor, opaqueId, paging, timestamp } from "../fields.ts";
import { consentExample, oauthLogExample } from "./examples/oauth.ts";

/** What an app was allowed. */
export const OauthConsent = z
  .object({
    client_id: opaqueId,
    client_name: z.string(),
    client_logo: z.string().optional(),
    client_uri: z.string().optional(),
    scopes: z.array(z.string()),
    granted_at: timestamp,
    updated_at: timestamp,
  })
  .meta({ id: "OauthConsent", examples: [consentExample] });

export const oauthEvents = [
  "authorize_approved",
  "authorize_denied",
  "authorize_auto_approved",
  "device_approved",
  "device_denied",
  "consent_granted",
  "consent_revoked",
  "token_issued",
  "token_refreshed",
  "token_revoked",
  "token_reuse_detected",
  "token_family_revoked",
  "client_registered",
  "client_updated",
  "client_deleted",
] as const;

export const oauthAccess = family(
  "oauthAccess",
  { context: "identity", about: "Which apps may act for one, and what they did with it." },
  {
    consents: get("/api/me/oauth/consents", {
      summary: "Apps that may act for the caller, the newest first",
      access: signedIn("account:read"),
      query: z.object(paging),
      output: z.object({ consents: z.array(OauthConsent), ...nextCursor }),
    }),
    revoke: del("/api/me/oauth/consents/:clientId", {
      summary: "Take an app's access away: its tokens end at once",
      access: signedIn("account:credentials"),
      audit: "oauth.consent_revoked",
      output: z.object({ success: z.literal(true) }),
      errors: ["NOT_FOUND"],
    }),
    auditLogs: get("/api/me/oauth/audit-logs", {
      summary: "What apps were allowed and did, the newest first",
      access: signedIn("account:read"),
      query: z.object({ limit: count(100).default(50), offset: count(10_000, 0).default(0), client_id: idOf("oauth_client").optional() }),
      output: z.object({
        logs: z.array(
          z
            .object({
              client_id: z.string().nullable(),
              event_type: z.enum(oauthEvents),
              ip_address: z.string().nullable(),
              user_agent: z.string().nullable(),
              details: z.record(z.string(), z.unknown()),
              created_at: timestamp,
            })
            .meta({ examples: [oauthLogExample] }),
        ),
      }),
    }),
  },
);
