import { ApiError } from "@takosumi/contracts/errors";
import { authServer } from "@takosumi/contracts/identity/auth-server";
import { username as nameRule } from "@takosumi/contracts/identity/names";
import { wrongIn } from "../../instance/form.ts";
import { redirect, sendPage } from "../../instance/page.ts";
import { clearedCookie, home, pathOfOurs, refuseForeignOrigin, refuseForeignSite } from "../../instance/web.ts";
import type { Resources } from "../../resources.ts";
import { implement } from "../../world.ts";
import { readAccount } from "../account/repository.ts";
import { endSetup } from "../account/service.ts";
import { noAttempt } from "../oidc/attempt.ts";
import { signInByCode, signInByPassword, signOut } from "../sign-in/service.ts";
import { type Failed, loginPage, setupPage, welcomePage } from "./pages.ts";
import { answerCli, cliPage, externalSession } from "./programs.ts";
import { beginAt, finishLink, finishSignIn } from "./single-sign-on.ts";

export const authServerHandlers = (resources: Pick<Resources, "db" | "keyring" | "oidc" | "settings">) => {
  const { settings, oidc } = resources;
  const within = (given: string | undefined) => pathOfOurs(settings.public_url, given);
  const loginAt = (returnTo: string, failed?: Failed) =>
    `/console/login?${new URLSearchParams({ return_to: returnTo, ...(failed && { failed }) })}`;
  const setupAt = (returnTo: string) => `/console/setup?${new URLSearchParams({ return_to: returnTo })}`;
  return implement(authServer, {
    login: async ({ input, request, response }) => {
      const return_to = within(input.return_to);
      if (!oidc) return redirect(response, loginAt(return_to), [], 302);
      // The provider comes back to the public URL, where the cookie of this attempt must be.
      if (request.headers.host !== new URL(settings.public_url).host)
        return redirect(response, `${settings.public_url}/auth/login?${new URLSearchParams({ return_to })}`, [], 302);
      await beginAt(resources, oidc, response, { purpose: "sign_in", return_to, user_id: null });
    },
    callback: async (call) => {
      const why = oidc ? await finishSignIn(resources, oidc, call) : { failed: "provider" as const, return_to: home };
      if (why) redirect(call.response, loginAt(why.return_to, why.failed), [noAttempt(settings.public_url)], 302);
    },
    link: async ({ principal, request, response }) => {
      if (!oidc) throw new ApiError("NOT_FOUND", "This instance has no identity provider to link");
      // Another site could otherwise begin it in a browser that somebody else is signed in with at the provider.
      refuseForeignSite(request.headers);
      await beginAt(resources, oidc, response, { purpose: "link", return_to: home, user_id: principal.id });
    },
    linkCallback: async (call) => {
      if (!oidc) throw new ApiError("NOT_FOUND", "This instance has no identity provider to link");
      await finishLink(resources, oidc, call);
    },
    cli: async ({ input, principal, response }) => {
      const asked = { callback: input.callback, ...(input.state !== undefined && { state: input.state }) };
      if (!principal?.session) return redirect(response, loginAt(`/auth/cli?${new URLSearchParams(asked)}`), [], 302);
      const { username, setup_completed_at } = await readAccount(resources.db, principal.id);
      if (setup_completed_at === null)
        return sendPage(response, { ...setupPage(`/auth/cli?${new URLSearchParams(asked)}`, username, null), status: 403 });
      sendPage(response, cliPage(input, username));
    },
    cliCallback: (call) => answerCli(call, call.response, call.input, call.input.action),
    externalSession: async (call) => {
      refuseForeignSite(call.request.headers);
      const { status, body } = await externalSession(resources, call, call.request.headers.origin);
      call.response.writeHead(status, { "content-type": "application/json; charset=utf-8", "cache-control": "no-store" });
      call.response.end(JSON.stringify(body));
    },
    loginPage: ({ input, principal, response }) => {
      const to = within(input.return_to);
      if (principal?.session) redirect(response, to, [], 302);
      else sendPage(response, loginPage(to, input.failed, oidc && `/auth/login?${new URLSearchParams({ return_to: to })}`));
    },
    welcomePage: ({ input, response }) => sendPage(response, welcomePage(within(input.return_to))),
    setupPage: async ({ input, principal, response }) => {
      const to = within(input.return_to);
      if (!principal?.session) return redirect(response, loginAt(setupAt(to)), [], 302);
      const { username, setup_completed_at } = await readAccount(resources.db, principal.id);
      if (setup_completed_at !== null) return redirect(response, to, [], 302);
      sendPage(response, setupPage(to, username, null));
    },
    submitSetup: async ({ input, principal, response, write }) => {
      const to = within(input.return_to);
      const problem = wrongIn("username", nameRule, input.username);
      if (problem !== null) return sendPage(response, setupPage(to, input.username, problem));
      try {
        await write(
          (tx) => endSetup(tx, principal.id, nameRule.parse(input.username)),
          ({ username }) => ({ metadata: { username } }),
        );
        redirect(response, to);
      } catch (error) {
        if (!(error instanceof ApiError) || error.code === "INTERNAL_ERROR") throw error;
        sendPage(response, setupPage(to, input.username, error.message));
      }
    },
    submitPassword: async (call) => {
      const { input, request, response } = call;
      refuseForeignOrigin(settings.public_url, request.headers);
      const to = within(input.return_to);
      try {
        const { cookie } = await signInByPassword(resources, call, input.username, input.password);
        redirect(response, to, [cookie]);
      } catch (error) {
        redirect(response, loginAt(to, failureOf(error, "credentials")));
      }
    },
    submitCode: async (call) => {
      const { input, request, response } = call;
      refuseForeignOrigin(settings.public_url, request.headers);
      const to = within(input.return_to);
      try {
        const { cookie } = await signInByCode(resources, call, input.code);
        redirect(response, to, [cookie]);
      } catch (error) {
        redirect(response, loginAt(to, failureOf(error, "code")));
      }
    },
    submitLogout: async (call) => {
      refuseForeignOrigin(settings.public_url, call.request.headers);
      await signOut(call);
      redirect(call.response, loginAt(within(call.input.return_to)), [clearedCookie(settings.public_url)]);
    },
  });
};

/** What the page says of a refusal; anything else is no page's to tell. */
function failureOf(error: unknown, refused: Failed): Failed {
  if (error instanceof ApiError && error.code === "UNAUTHORIZED") return refused;
  if (error instanceof ApiError && (error.code === "UNAVAILABLE" || error.code === "RATE_LIMITED")) return "busy";
  throw error;
}
