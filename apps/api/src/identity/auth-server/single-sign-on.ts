import type { IncomingMessage, ServerResponse } from "node:http";
import { ApiError } from "@takosumi/contracts/errors";
import { redirect } from "../../instance/page.ts";
import { home } from "../../instance/web.ts";
import type { Resources } from "../../resources.ts";
import { readAccount } from "../account/repository.ts";
import { attemptCookie, attemptOf, noAttempt } from "../oidc/attempt.ts";
import type { OidcProvider } from "../oidc/provider.ts";
import { linkIdentity, personOf } from "../oidc/service.ts";
import { type Arriving, signIn } from "../sign-in/service.ts";

type Needs = Pick<Resources, "db" | "keyring" | "settings">;
type Exchange = { readonly request: IncomingMessage; readonly response: ServerResponse };
const paths = { sign_in: "/auth/callback", link: "/auth/link/google/callback" } as const;

/** Sends a browser to the provider. */
export async function beginAt(
  resources: Needs,
  provider: OidcProvider,
  response: ServerResponse,
  about: { readonly purpose: "sign_in" | "link"; readonly return_to: string; readonly user_id: string | null },
): Promise<void> {
  const { public_url } = resources.settings;
  const { url, expected } = await provider.begin(public_url + paths[about.purpose], about.purpose === "link");
  redirect(response, url.href, [await attemptCookie(resources, { ...expected, ...about })], 302);
}

/** The address that the provider answered at, as it was told it. */
const answered = (publicUrl: string, purpose: "sign_in" | "link", { url = "" }: IncomingMessage): URL =>
  new URL(paths[purpose] + (url.includes("?") ? url.slice(url.indexOf("?")) : ""), publicUrl);

/** A browser comes back: it is signed in as whoever the provider says. Answers why not. */
export async function finishSignIn(
  resources: Needs,
  provider: OidcProvider,
  call: Arriving & Exchange & { readonly input: { readonly state?: string | undefined } },
): Promise<{ readonly failed: "provider" | "not_invited" | "busy"; readonly return_to: string } | null> {
  const { request, response, input } = call;
  const { public_url, signup } = resources.settings;
  const attempt = await attemptOf(resources, request.headers, input.state, "sign_in");
  if (!attempt) return { failed: "provider", return_to: home };
  try {
    const identity = await provider.finish(answered(public_url, "sign_in", request), attempt);
    const { cookie } = await signIn(resources, call, "oidc", (tx) => personOf(tx, identity, signup));
    redirect(response, attempt.return_to, [cookie, noAttempt(public_url)], 302);
    return null;
  } catch (error) {
    const why = error instanceof ApiError ? failures[error.code] : undefined;
    if (why === undefined) throw error;
    return { failed: why, return_to: attempt.return_to };
  }
}
const failures: Partial<Record<ApiError["code"], "provider" | "not_invited" | "busy">> = {
  UNAUTHORIZED: "provider",
  FORBIDDEN: "not_invited",
  CONFLICT: "busy",
  UNAVAILABLE: "busy",
};

/** A browser comes back that links: as whoever began it, and nobody else. */
export async function finishLink(
  resources: Needs,
  provider: OidcProvider,
  { request, response, principal, write, input }: Arriving & Exchange & { readonly input: { readonly state?: string | undefined } },
): Promise<void> {
  const { public_url } = resources.settings;
  const done = (query: string) => redirect(response, `/?${query}`, [noAttempt(public_url)], 302);
  const attempt = await attemptOf(resources, request.headers, input.state, "link");
  if (!attempt) return done("link_error=invalid_state");
  if (!principal?.session || principal.id !== attempt.user_id) return done("link_error=user_not_found");
  try {
    const identity = await provider.finish(answered(public_url, "link", request), attempt);
    const { id: userId } = principal;
    let result = "success" as Awaited<ReturnType<typeof linkIdentity>>;
    await write(
      async (tx) => {
        result = await linkIdentity(tx, userId, identity);
        return readAccount(tx, userId);
      },
      () => (result === "success" ? { metadata: { issuer: identity.issuer } } : null),
    );
    done(result === "identity_taken" ? "link_error=identity_taken" : `link_result=${result}`);
  } catch (error) {
    if (error instanceof ApiError && error.code === "UNAUTHORIZED") return done("link_error=oauth_failed");
    if (error instanceof ApiError && error.code === "UNAVAILABLE") return done("link_error=token_exchange_failed");
    throw error;
  }
}
