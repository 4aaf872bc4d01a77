import type { FastifyInstance, FastifyRequest } from "fastify";
import { isClientOrigin } from "../identity/oauth-clients/repository.ts";
import { isOrigin, isOurOrigin } from "../instance/web.ts";
import type { Resources } from "../resources.ts";

/** What browser apps of other origins may ask: of the API only with a token, so that no page tries passwords or codes. */
const open = /^\/(?:(api)\/|\.well-known\/|oauth\/(?:token|revoke|userinfo)(?:\?|$))/;
/** Whether a request shows a token, or the preflight of one says that it will. */
const showsToken = ({ headers }: FastifyRequest): boolean =>
  headers.authorization !== undefined || /(?:^|,)\s*authorization\s*(?:,|$)/i.test(headers["access-control-request-headers"] ?? "");
/** Never credentials: a cookie of ours is of no use to a page of theirs. */
const answers = { "access-control-expose-headers": "*" };
const preflights = {
  "access-control-allow-methods": "GET, HEAD, POST, PUT, PATCH, DELETE",
  "access-control-allow-headers": "authorization, content-type, accept, idempotency-key, last-event-id, x-request-id, x-takos-space-id",
  // Browsers keep none for longer.
  "access-control-max-age": "7200",
};

/**
 * Lets pages of other origins read our answers where the instance names their origin, or a public OAuth client is sent back to it. `count`
 * counts a preflight, which no operation does, and throws where there were too many.
 */
export function answerOtherOrigins(
  app: FastifyInstance,
  { db, settings }: Pick<Resources, "db" | "settings">,
  count: (request: FastifyRequest) => void,
): void {
  const allowed = async ({ headers: { origin = "" } }: FastifyRequest): Promise<boolean> =>
    isOrigin(origin) && (settings.browser_origins.includes(origin) || (await isClientOrigin(db, origin)));

  app.addHook("onRequest", (request, reply, done) => {
    const [path, api] = open.exec(request.url) ?? [];
    if (path === undefined) return done();
    reply.header("vary", "Origin");
    if (api !== undefined && !showsToken(request)) return done();
    const { origin, "access-control-request-method": wants } = request.headers;
    if (origin === undefined || isOurOrigin(settings.public_url, origin)) return done();
    const preflight = request.method === "OPTIONS" && wants !== undefined;
    try {
      if (preflight) count(request);
    } catch (error) {
      return done(error as Error);
    }
    allowed(request).then((yes) => {
      if (yes) reply.headers({ "access-control-allow-origin": origin, ...(preflight ? preflights : answers) });
      done();
    }, done);
  });
}
