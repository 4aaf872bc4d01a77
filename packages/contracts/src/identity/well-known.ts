import { anyone } from "../access.ts";
import { family, protocol } from "../define.ts";

const said = { access: anyone, audit: "none: a document", produces: ["application/json"] } as const;

export const wellKnown = family(
  "wellKnown",
  { context: "identity", about: "What OAuth and OpenID Connect clients find this instance by." },
  {
    authorizationServer: protocol.get("/.well-known/oauth-authorization-server", {
      summary: "Metadata of the OAuth server (RFC 8414)",
      ...said,
    }),
    openid: protocol.get("/.well-known/openid-configuration", { summary: "Metadata of the OpenID provider", ...said }),
    jwks: protocol.get("/.well-known/jwks.json", {
      summary: "Keys that id tokens are signed with",
      ...said,
      produces: ["application/jwk-set+json"],
    }),
  },
);
