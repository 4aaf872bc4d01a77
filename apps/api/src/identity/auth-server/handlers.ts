import { ApiError } from "@takosumi/contracts/errors";
import { authServer } from "@takosumi/contracts/identity/auth-server";
import { redirect, sendPage } from "../../instance/page.ts";
import { clearedCookie, pathOfOurs, refuseForeignOrigin } from "../../instance/web.ts";
import type { Resources } from "../../resources.ts";
import { implement } from "../../world.ts";
import { signInByCode, signInByPassword, signOut } from "../sign-in/service.ts";
import { type Failed, loginPage, welcomePage } from "./pages.ts";

export const authServerHandlers = (resources: Pick<Resources, "db" | "settings">) => {
  const { settings } = resources;
  const within = (given: string | undefined) => pathOfOurs(settings.public_url, given);
  const loginAt = (returnTo: string, failed?: Failed) =>
    `/console/login?${new URLSearchParams({ return_to: returnTo, ...(failed && { failed }) })}`;
  return implement(authServer, {
    login: ({ input, response }) => redirect(response, loginAt(within(input.return_to)), [], 302),
    loginPage: ({ input, principal, response }) => {
      const to = within(input.return_to);
      if (principal?.session) redirect(response, to, [], 302);
      else sendPage(response, loginPage(to, input.failed, null));
    },
    welcomePage: ({ input, response }) => sendPage(response, welcomePage(within(input.return_to))),
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
