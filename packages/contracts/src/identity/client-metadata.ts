import { z } from "zod";
import { type OauthScope, oauthScopes } from "../access.ts";
import { visible } from "../fields.ts";

export const deviceGrant = "urn:ietf:params:oauth:grant-type:device_code";
export const grantTypes = ["authorization_code", "refresh_token", "client_credentials", deviceGrant] as const;
export const clientAuthMethods = ["client_secret_basic", "client_secret_post", "none"] as const;

const loopback = /^(?:localhost|127\.0\.0\.1|\[::1\]|[a-z0-9-]+(?:\.[a-z0-9-]+)*\.localhost)$/;
/** Where codes are sent: https, or http on this machine. Compared as text, so that nothing in it may be read in two ways. */
const redirectUri = z
  .string()
  .max(2_000)
  .superRefine((given, { addIssue }) => {
    const message = redirectProblem(given);
    if (message) addIssue({ code: "custom", message });
  });

function redirectProblem(given: string): string | null {
  const url = URL.parse(given);
  if (!url || !/^[\x21-\x7e]+$/.test(given)) return "is not an absolute URL in plain ASCII";
  if (given.includes("#")) return "has a fragment";
  if (url.username || url.password || /^[a-z]+:\/\/[^/?]*@/i.test(given)) return "holds a username or password";
  if (given.includes("*") || given.includes("\\")) return "holds a character that is not taken literally everywhere: * or \\";
  if (url.protocol === "https:") return null;
  if (url.protocol !== "http:") return "begins with https://";
  return loopback.test(url.hostname) ? null : "begins with https://; http:// is only for localhost, 127.0.0.1 and [::1]";
}
const page = z.url({ protocol: /^https?$/, error: "is not a URL that begins with https:// or http://" }).max(2_000);
/** Names with spaces between, in order and once each. */
const scope = z
  .string()
  .max(2_000)
  .transform((given, { addIssue }): OauthScope[] => {
    const names = [...new Set(given.split(" ").filter(Boolean))];
    const unknown = names.find((name) => !oauthScopes.includes(name as OauthScope));
    if (unknown !== undefined) addIssue({ code: "custom", message: `names a scope that is not known: ${unknown.slice(0, 60)}` });
    return names as OauthScope[];
  });

/** What may be changed of a client. */
const changeable = {
  client_name: z.string().trim().min(1).max(100).regex(visible, "holds a control character"),
  redirect_uris: z.array(redirectUri).max(20),
  client_uri: page,
  logo_uri: page,
  policy_uri: page,
  tos_uri: page,
  scope,
};
const fixed = {
  grant_types: z
    .array(z.enum(grantTypes))
    .min(1)
    .max(10)
    .transform((given) => [...new Set(given)]),
  response_types: z.array(z.literal("code", { error: "may only be code" })).max(1),
  token_endpoint_auth_method: z.enum(clientAuthMethods),
};
const rules = <T extends Partial<Pick<ClientMetadata, "grant_types" | "redirect_uris" | "token_endpoint_auth_method">>>(
  given: T,
  addIssue: (issue: { code: "custom"; path: string[]; message: string }) => void,
) => {
  const grants = given.grant_types ?? ["authorization_code", "refresh_token"];
  if (grants.includes("authorization_code") && (given.redirect_uris ?? []).length === 0)
    addIssue({ code: "custom", path: ["redirect_uris"], message: "has one or more URLs for authorization_code" });
  if (given.token_endpoint_auth_method === "none" && grants.includes("client_credentials"))
    addIssue({ code: "custom", path: ["grant_types"], message: "client_credentials needs a client that has a secret" });
};

const shape = {
  client_name: changeable.client_name,
  redirect_uris: changeable.redirect_uris.prefault([]),
  client_uri: changeable.client_uri.optional(),
  logo_uri: changeable.logo_uri.optional(),
  policy_uri: changeable.policy_uri.optional(),
  tos_uri: changeable.tos_uri.optional(),
  scope: changeable.scope.prefault(""),
  grant_types: fixed.grant_types.prefault(["authorization_code", "refresh_token"]),
  response_types: fixed.response_types.optional(),
  token_endpoint_auth_method: fixed.token_endpoint_auth_method.prefault("client_secret_basic"),
};
/** A new client. An unknown member is refused, as everywhere in the API. */
export const NewClient = z.strictObject(shape).superRefine((given, { addIssue }) => rules(given, addIssue));
/** The same as RFC 7591 wants it: unknown members are passed over, but none that would have a meaning we do not serve. */
export const RegisteredMetadata = z
  .object({
    ...shape,
    jwks_uri: z.undefined({ error: "is not taken: clients show a secret or none" }).optional(),
    jwks: z.undefined({ error: "is not taken: clients show a secret or none" }).optional(),
    sector_identifier_uri: z.undefined({ error: "is not taken: subjects are public" }).optional(),
    software_statement: z.undefined({ error: "is not taken" }).optional(),
  })
  .superRefine((given, { addIssue }) => rules(given, addIssue));
export type ClientMetadata = z.output<typeof NewClient>;
/** A change of some of it; what is null is taken away. */
export const ChangedClient = z.strictObject({
  client_name: changeable.client_name.optional(),
  redirect_uris: changeable.redirect_uris.min(1).optional(),
  client_uri: changeable.client_uri.nullable().optional(),
  logo_uri: changeable.logo_uri.nullable().optional(),
  policy_uri: changeable.policy_uri.nullable().optional(),
  tos_uri: changeable.tos_uri.nullable().optional(),
  scope: changeable.scope.optional(),
});

/** What a registration answers. The secret and the token to manage it are shown this once. */
export const Registration = z.object({
  client_id: z.string(),
  client_secret: z.string().optional(),
  client_id_issued_at: z.int(),
  client_secret_expires_at: z.literal(0).optional(),
  registration_access_token: z.string(),
  registration_client_uri: z.string(),
  client_name: z.string(),
  redirect_uris: z.array(z.string()),
  grant_types: z.array(z.string()),
  response_types: z.array(z.string()),
  token_endpoint_auth_method: z.string(),
  scope: z.string(),
  client_uri: z.string().optional(),
  logo_uri: z.string().optional(),
  policy_uri: z.string().optional(),
  tos_uri: z.string().optional(),
});
export type Registration = z.infer<typeof Registration>;
