import { ApiError, errorStatus } from "@takosumi/contracts/errors";
import { authPages } from "@takosumi/contracts/identity/auth-pages";
import { username as nameRule } from "@takosumi/contracts/identity/names";
import { newPassword } from "@takosumi/contracts/identity/passwords";
import { hashToken } from "@takosumi/keyring/tokens";
import { wrongIn } from "../../instance/form.ts";
import { redirect, sendPage } from "../../instance/page.ts";
import { home, refuseForeignOrigin } from "../../instance/web.ts";
import type { Resources } from "../../resources.ts";
import { endInvitation, findOffer } from "../../tenancy/invitations/repository.ts";
import { accountOf, holdOpenOffer, openOffer, takeInvitation } from "../../tenancy/invitations/service.ts";
import { implement } from "../../world.ts";
import { mailReset, prepareReset, resetPassword } from "../passwords/reset.ts";
import { invitePage, offerPage, resetPage, toldPage } from "./pages.ts";

const saidBy = (error: unknown): { readonly message: string; readonly status: number } => {
  if (error instanceof ApiError && error.code !== "INTERNAL_ERROR") return { message: error.message, status: errorStatus[error.code] };
  throw error;
};

export const authPageHandlers = (resources: Pick<Resources, "db" | "keyring" | "settings">) => {
  const { db, settings } = resources;
  return implement(authPages, {
    invitePage: ({ response }) => sendPage(response, invitePage),
    submitInvite: async (call) => {
      const { input, principal, request, response, write } = call;
      refuseForeignOrigin(settings.public_url, request.headers);
      const { token, action, username, password } = input;
      try {
        const who = accountOf(principal);
        const { space_name: space, role, invited_by } = openOffer(await findOffer(db, hashToken(token), token, who?.id ?? null));
        const offer = { token, space, role, by: invited_by.name };
        if (action === "decline") {
          await write(async (tx) => endInvitation(tx, (await holdOpenOffer(tx, token, who)).id), { action: "invitation.declined" });
          return sendPage(response, toldPage("Declined", `You declined the invitation to ${space}.`, 200));
        }
        const problem =
          who || action === "show" ? null : (wrongIn("username", nameRule, username) ?? wrongIn("password", newPassword, password));
        if (action === "show" || problem !== null) return sendPage(response, offerPage(offer, who?.name ?? null, problem, username ?? ""));
        const { cookies } = await takeInvitation(resources, call, token, { username: username?.trim().toLowerCase(), password });
        redirect(response, home, cookies);
      } catch (error) {
        const { message, status } = saidBy(error);
        sendPage(response, toldPage("Invitation", message, status));
      }
    },
    resetPage: ({ response }) => sendPage(response, resetPage),
    submitReset: async ({ input, request, response, write }) => {
      refuseForeignOrigin(settings.public_url, request.headers);
      try {
        const { username, code = "", new_password = "" } = input;
        if (username !== undefined) {
          await mailReset(resources, username);
          return sendPage(
            response,
            toldPage("A new password", "If the account has an address, a link is on its way to it. It works for ten minutes.", 200),
          );
        }
        const problem = wrongIn("new_password", newPassword, new_password);
        if (problem !== null) return sendPage(response, toldPage("A new password", `${problem}. Open the link of the mail again.`, 400));
        const prepared = await prepareReset(new_password);
        await write(
          (tx) => resetPassword(tx, code, prepared),
          ({ id, name }) => ({ actor: { id, kind: "user", name }, metadata: { by: "mail" } }),
        );
        sendPage(
          response,
          toldPage("A new password", "The password is set. Every session of the account ended: sign in with the new one.", 200),
        );
      } catch (error) {
        const { message, status } = saidBy(error);
        sendPage(response, toldPage("A new password", message, status));
      }
    },
  });
};
