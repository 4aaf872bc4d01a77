import { wellKnown } from "@takosumi/contracts/identity/well-known";
import type { Resources } from "../../resources.ts";
import { implement } from "../../world.ts";

export const wellKnownHandlers = ({ oauth }: Pick<Resources, "oauth">) =>
  implement(wellKnown, {
    authorizationServer: ({ request, response, from }) => oauth.answer(request, response, from),
    openid: ({ request, response, from }) => oauth.answer(request, response, from),
    jwks: ({ request, response, from }) => oauth.answer(request, response, from),
  });
