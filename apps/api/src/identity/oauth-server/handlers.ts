import type { IncomingMessage, ServerResponse } from "node:http";
import { ApiError } from "@takosumi/contracts/errors";
import { oauthServer } from "@takosumi/contracts/identity/oauth-server";
import { redirect, sendPage } from "../../instance/page.ts";
import type { Resources } from "../../resources.ts";
import { implement } from "../../world.ts";
import { consider, decide, type Next } from "../oauth-consent/authorization.ts";
import { decideDevice, deviceOf, unknownCode } from "../oauth-consent/device.ts";
import { sendError } from "./json.ts";
import { againPage, codePage, consentPage, devicePage, refusedPage, toldPage } from "./pages.ts";
import { registrationHandlers } from "./registration.ts";

export const oauthServerHandlers = (resources: Pick<Resources, "db" | "engine" | "keyring" | "oauth" | "settings">) => {
  const { oauth } = resources;
  const library = ({
    request,
    response,
    from,
  }: {
    request: IncomingMessage;
    response: ServerResponse;
    from: Parameters<typeof oauth.answer>[2];
  }) => oauth.answer(request, response, from);
  return implement(oauthServer, {
    authorize: async ({ principal, request, response, from }) => {
      const query = new URL(request.url ?? "", resources.settings.public_url).searchParams;
      const twice = [...new Set(query.keys())].find((name) => query.getAll(name).length > 1);
      const next: Next = twice
        ? { kind: "refused", status: 400, error: "invalid_request", description: `${twice.slice(0, 60)} is given more than once` }
        : await consider(resources, Object.fromEntries(query), inBrowser(principal), from);
      go(response, next, request, principal?.name ?? "");
    },
    decide: async ({ input: { action, csrf_token, ...params }, principal, request, response, from }) => {
      const who = inBrowser(principal);
      if (!who) throw signIn();
      go(response, await decide(resources, params, action === "approve", csrf_token, who, from), request, who.name);
    },
    device: async ({ input: { user_code }, principal, response }) => {
      const who = inBrowser(principal);
      if (!who) {
        const here = user_code === undefined ? "/oauth/device" : `/oauth/device?${new URLSearchParams({ user_code })}`;
        return redirect(response, loginAt(here), [], 302);
      }
      if (user_code === undefined) return sendPage(response, codePage);
      const found = await deviceOf(resources, user_code, who);
      sendPage(response, found ? devicePage(found, who.name) : toldPage(unknownCode));
    },
    decideDevice: async ({ input: { user_code, action, csrf_token }, principal, response, from }) => {
      const who = inBrowser(principal);
      if (!who) throw signIn();
      sendPage(response, toldPage(await decideDevice(resources, user_code, action === "approve", csrf_token, who, from)));
    },
    token: library,
    deviceCode: library,
    introspect: library,
    revoke: library,
    userinfo: library,
    ...registrationHandlers(resources),
  });
};

const loginAt = (here: string) => `/auth/login?${new URLSearchParams({ return_to: here })}`;
/** A token never answers for its person. */
const inBrowser = <P extends { readonly session?: boolean }>(who: P | null): P | null => (who?.session ? who : null);
const signIn = () => new ApiError("UNAUTHORIZED", "Sign in, then answer", { reason: "missing" });

function go(response: ServerResponse, next: Next, { headers }: IncomingMessage, username: string): void {
  if (next.kind === "redirect") return redirect(response, next.url, [], 302);
  if (next.kind === "login") return next.again ? sendPage(response, againPage(next)) : redirect(response, loginAt(next.here), [], 302);
  if (next.kind === "consent") return sendPage(response, consentPage(next, username));
  if (headers.accept?.includes("text/html")) return sendPage(response, refusedPage(next));
  sendError(response, next.status, next.error, next.description);
}
