import { grantTypes } from "@takosumi/contracts/identity/client-metadata";
import type { OauthClientRow } from "@takosumi/db/rows";

const ports = new Set(["localhost", "127.0.0.1", "[::1]"]);
/** The library lets a port of this machine differ for native apps only, and takes no https there: such a client is none. */
function isNative(uris: readonly string[]): boolean {
  const parsed = uris.map((uri) => new URL(uri));
  const local = parsed.filter(({ protocol }) => protocol === "http:");
  const secure = parsed.filter(({ protocol }) => protocol === "https:");
  return local.length > 0 && local.every(({ hostname }) => ports.has(hostname)) && secure.every(({ hostname }) => !ports.has(hostname));
}

/** A client as the library reads it. The secret is the hash of it, which `compareClientSecret` knows. */
export function clientMetadataOf(row: OauthClientRow) {
  return {
    client_id: row.id,
    client_name: row.name,
    redirect_uris: [...row.redirect_uris],
    grant_types: grantTypes.filter((type) => row.grant_types.includes(type)),
    response_types: row.grant_types.includes("authorization_code") ? (["code"] as const) : [],
    response_modes: ["query"],
    token_endpoint_auth_method: row.auth_method,
    application_type: isNative(row.redirect_uris) ? ("native" as const) : ("web" as const),
    ...(row.secret_hash !== null && { client_secret: row.secret_hash }),
    ...(row.scopes.length > 0 && { scope: row.scopes.join(" ") }),
    ...(row.client_uri !== null && { client_uri: row.client_uri }),
    ...(row.logo_uri !== null && { logo_uri: row.logo_uri }),
    ...(row.policy_uri !== null && { policy_uri: row.policy_uri }),
    ...(row.tos_uri !== null && { tos_uri: row.tos_uri }),
  };
}
