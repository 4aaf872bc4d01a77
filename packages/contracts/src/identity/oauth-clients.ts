import { z } from "zod";
import { own, signedIn } from "../access.ts";
import { del, family, get, patch, post } from "../define.ts";
import { nextCursor, opaqueId, paging, timestamp } from "../fields.ts";
import { ChangedClient, NewClient, Registration } from "./client-metadata.ts";
import { changedClientExample, oauthClientExample, registrationExample } from "./examples/oauth.ts";

/** Everything that is ever said about a client after it was made: never its secret. */
export const OauthClient = z
  .object({
    client_id: opaqueId,
    name: z.string(),
    description: z.string().nullable(),
    logo_uri: z.string().nullable(),
    client_uri: z.string().nullable(),
    redirect_uris: z.array(z.string()),
    allowed_scopes: z.array(z.string()),
    client_type: z.enum(["confidential", "public"]),
    status: z.enum(["active", "suspended", "revoked"]),
    created_at: timestamp,
    updated_at: timestamp,
  })
  .meta({ id: "OauthClient", examples: [oauthClientExample] });

export const oauthClients = family(
  "oauthClients",
  { context: "identity", about: "Apps that ask people for access to their accounts: what an OAuth client registers." },
  {
    list: get("/api/me/oauth/clients", {
      summary: "One's own clients, revoked ones included",
      access: signedIn("account:credentials"),
      query: z.object(paging),
      output: z.object({ clients: z.array(OauthClient), ...nextCursor }),
    }),
    create: post("/api/me/oauth/clients", {
      summary: "Register a client; its secret is shown this once",
      about:
        "Redirect URIs are https, or http on this machine. Without `scope` it may ask for nothing. With the grant type client_credentials it becomes a service principal of its own, which is a member of nothing until a space adds it.",
      access: signedIn("account:credentials"),
      audit: "oauth.client_registered",
      body: NewClient,
      examples: [
        {
          summary: "A web app that reads spaces",
          value: { client_name: "Deploy board", redirect_uris: ["https://board.example.com/callback"], scope: "openid spaces:read" },
        },
      ],
      output: Registration.meta({ examples: [registrationExample] }),
      status: 201,
    }),
    update: patch("/api/me/oauth/clients/:clientId", {
      summary: "Change what a client says of itself, and what it may ask for",
      access: own({ oauth_client: "clientId" }, "account:credentials"),
      audit: "oauth.client_updated",
      body: ChangedClient,
      examples: [
        { summary: "One more address", value: { redirect_uris: ["https://board.example.com/callback", "http://127.0.0.1/callback"] } },
      ],
      output: z
        .object({
          id: opaqueId,
          ...OauthClient.pick({
            client_id: true,
            name: true,
            description: true,
            logo_uri: true,
            client_uri: true,
            redirect_uris: true,
            allowed_scopes: true,
            status: true,
          }).shape,
        })
        .meta({ examples: [changedClientExample] }),
    }),
    remove: del("/api/me/oauth/clients/:clientId", {
      summary: "Revoke a client: all its tokens end at once",
      access: own({ oauth_client: "clientId" }, "account:credentials"),
      audit: "oauth.client_deleted",
      output: z.object({ success: z.literal(true) }),
    }),
  },
);
