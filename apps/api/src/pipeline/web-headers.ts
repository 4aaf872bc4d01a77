import { isIP } from "node:net";
import { ApiError } from "@takosumi/contracts/errors";
import type { FastifyInstance, FastifyRequest } from "fastify";
import { isOurOrigin } from "../instance/web.ts";
import type { Resources } from "../resources.ts";

const always = { "x-content-type-options": "nosniff", "x-frame-options": "DENY", "referrer-policy": "same-origin" };
/** An answer of the API is no page: nothing in it is run, framed or loaded. */
const api = { ...always, "content-security-policy": "default-src 'none'; frame-ancestors 'none'" };
/** The reference is a page that brings all it needs along. */
const docs = {
  ...always,
  "content-security-policy":
    "default-src 'none'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
};
const aYear = { "strict-transport-security": "max-age=31536000" };
/** Asked by machines that know an address, not a name. */
const probes = new Set(["/healthz", "/readyz", "/version"]);

/** Headers that tell a browser what not to do, on every answer; and no answer to a request that meant another host. */
export function guardBrowsers(app: FastifyInstance, { settings }: Pick<Resources, "settings">): void {
  app.addHook("onRequest", (request, reply, done) => {
    reply.headers(request.url.startsWith("/docs") ? docs : api);
    if (settings.public_url.startsWith("https:")) reply.headers(aYear);
    if (meansUs(settings.public_url, request)) return done();
    done(
      new ApiError(
        "BAD_REQUEST",
        `This is ${settings.public_url}: the Host of the request is another. If it is right, set TAKOSUMI_PUBLIC_URL`,
        {
          reason: "host",
        },
      ),
    );
  });
}

/**
 * A page of another name that was pointed at this address (DNS rebinding) gets nothing that a browser gives by itself. Who shows a token
 * knows whom it is for; an address that listens everywhere is asked by any of its numbers, which no such page can be.
 */
function meansUs(publicUrl: string, { headers, url }: FastifyRequest): boolean {
  const { host, authorization } = headers;
  if (authorization !== undefined || probes.has(url.split("?", 1)[0] ?? "")) return true;
  const own = new URL(publicUrl);
  if (host === undefined || host === own.host) return true;
  const given = `${own.protocol}//${host}`;
  if (isOurOrigin(publicUrl, given)) return true;
  const anywhere = own.hostname === "0.0.0.0" || own.hostname === "[::]";
  return (
    anywhere &&
    URL.canParse(given) &&
    (isIP(new URL(given).hostname.replace(/^\[|\]$/g, "")) !== 0 || new URL(given).hostname === "localhost")
  );
}
