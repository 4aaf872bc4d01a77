import { identityScopes, type OauthScope, oauthScopes } from "@takosumi/contracts/access";
import { type Client, errors } from "oidc-provider";

const personal: readonly string[] = identityScopes;
const split = (scope: unknown): string[] => (typeof scope === "string" ? scope.split(" ").filter(Boolean) : []);

/** Of what a client asks a person for, every scope must be known and the client's to ask for; none is refused too. */
export function refuseScopes(scope: unknown, client: Client): void {
  const asked = split(scope);
  if (asked.length === 0) throw new errors.InvalidScope("scope is needed: name what the token is for", "");
  refuseUnknown(asked, split(client.scope));
}

/** The scopes that a client gets for itself: those it asks for, else all that it may have. None of them tells of a person. */
export function clientScopes(scope: unknown, client: Client): string {
  const allowed = split(client.scope).filter((name) => !personal.includes(name));
  const asked = split(scope);
  refuseUnknown(asked, allowed);
  return (asked.length > 0 ? asked : allowed).join(" ");
}

function refuseUnknown(asked: readonly string[], allowed: readonly string[]): void {
  const unknown = asked.find((name) => !oauthScopes.includes(name as OauthScope));
  if (unknown !== undefined) throw new errors.InvalidScope("scope names one that is not known", unknown);
  const refused = asked.find((name) => !allowed.includes(name));
  if (refused !== undefined) throw new errors.InvalidScope(`this client may not ask for ${refused}`, refused);
}
