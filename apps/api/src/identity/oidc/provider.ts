import { ApiError } from "@takosumi/contracts/errors";
import * as oidc from "openid-client";

export interface OidcSettings {
  readonly issuer: string;
  readonly client_id: string;
  readonly client_secret: string | undefined;
}
/** Somebody at the provider, as its signed answer says. */
export interface Identity {
  readonly issuer: string;
  readonly subject: string;
  readonly email: string | null;
  readonly email_verified: boolean;
  readonly name: string | null;
  readonly picture: string | null;
}
/** What an answer is held to: kept by the browser that asked, sealed. */
export interface Expected {
  readonly state: string;
  readonly nonce: string;
  readonly verifier: string;
}
export interface OidcProvider {
  readonly issuer: string;
  /** Where a browser goes to sign in, and what its answer must fit; where it `chooses`, which of several accounts. UNAVAILABLE where the provider cannot be reached. */
  begin(redirectUri: string, chooses: boolean): Promise<{ readonly url: URL; readonly expected: Expected }>;
  /** Who the answer at this URL names. UNAUTHORIZED for whatever is not a true answer to what was asked. */
  finish(url: URL, expected: Expected): Promise<Identity>;
}

/** Discovery is looked at again after so long, and at once where it failed. */
const freshMs = 60 * 60_000;
const google = "https://accounts.google.com";
const patienceSeconds = 10;
const away = () =>
  new ApiError("UNAVAILABLE", "The identity provider cannot be reached now: try again", { reason: "busy", retry_after_ms: 10_000 });
const longest = { email: 320, name: 100, picture: 2_000 } as const;

/** A provider by discovery: code flow with PKCE, state and nonce. Plain http is spoken with this very machine alone. */
export function oidcProvider({ issuer, client_id, client_secret }: OidcSettings): OidcProvider {
  const near = /^http:\/\/(?:127\.0\.0\.1|localhost|\[::1\])(?::|\/|$)/.test(issuer);
  let known: { readonly configuration: Promise<oidc.Configuration>; readonly at: number } | undefined;
  const configuration = (): Promise<oidc.Configuration> => {
    if (known && Date.now() - known.at < freshMs) return known.configuration;
    const found = oidc.discovery(new URL(issuer), client_id, client_secret, client_secret === undefined ? oidc.None() : undefined, {
      timeout: patienceSeconds,
      ...(near && { execute: [oidc.allowInsecureRequests] }),
    });
    known = { configuration: found, at: Date.now() };
    found.catch(() => {
      known = undefined;
    });
    return found;
  };
  return {
    issuer,
    async begin(redirect_uri, chooses) {
      const config = await configuration().catch(() => {
        throw away();
      });
      const expected = { state: oidc.randomState(), nonce: oidc.randomNonce(), verifier: oidc.randomPKCECodeVerifier() };
      const url = oidc.buildAuthorizationUrl(config, {
        redirect_uri,
        scope: "openid email profile",
        response_type: "code",
        state: expected.state,
        nonce: expected.nonce,
        code_challenge: await oidc.calculatePKCECodeChallenge(expected.verifier),
        code_challenge_method: "S256",
        // Others refuse a prompt that they do not know.
        ...(chooses && issuer === google && { prompt: "select_account" }),
      });
      return { url, expected };
    },
    async finish(url, { state, nonce, verifier }) {
      const config = await configuration().catch(() => {
        throw away();
      });
      try {
        const tokens = await oidc.authorizationCodeGrant(config, url, {
          expectedState: state,
          expectedNonce: nonce,
          pkceCodeVerifier: verifier,
          idTokenExpected: true,
        });
        const claims = tokens.claims();
        if (!claims) throw new Error("no id_token");
        const more =
          claims.email === undefined ? await oidc.fetchUserInfo(config, tokens.access_token, claims.sub).catch(() => claims) : claims;
        return {
          issuer: claims.iss,
          subject: claims.sub,
          email: address(more.email),
          email_verified: more.email_verified === true,
          name: text(more.name, longest.name),
          picture: String(more.picture).startsWith("https:") ? text(more.picture, longest.picture) : null,
        };
      } catch (error) {
        throw new ApiError(
          "UNAUTHORIZED",
          `Signing in at the provider did not work: ${(error as { code?: string }).code ?? "no true answer"}`,
          {
            reason: "invalid",
          },
        );
      }
    },
  };
}

/** Only ASCII, as everywhere: some letters become others in lower case, and an address would be of another domain. */
const address = (value: unknown): string | null => {
  const given = text(value, longest.email);
  return given !== null && /^[\x21-\x7e]+@[\x21-\x7e]+$/.test(given) ? given : null;
};
/** A claim that is harmless text of this length; null for anything else. */
const text = (value: unknown, most: number): string | null =>
  typeof value === "string" && value !== "" && value.length <= most && !/[\p{Cc}\p{Cf}]/u.test(value) ? value : null;
