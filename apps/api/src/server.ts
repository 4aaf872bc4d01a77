import type { Surface } from "@takosumi/contracts/contexts";
import { families } from "@takosumi/contracts/families";
import { serve } from "@takosumi/transport/serve";
import { openServer } from "@takosumi/transport/server";
import type { FastifyInstance } from "fastify";
import { logRequests } from "./access-log.ts";
import { handlers } from "./handlers.ts";
import type { Uses } from "./identity/tokens/uses.ts";
import { watchAccess } from "./pipeline/access-ends.ts";
import { applicationOf } from "./pipeline/application.ts";
import { answerOtherOrigins } from "./pipeline/cross-origin.ts";
import { showRates } from "./pipeline/rate-headers.ts";
import { guardBrowsers } from "./pipeline/web-headers.ts";
import type { Resources } from "./resources.ts";

export interface DoorOptions {
  readonly surfaces: ReadonlySet<Surface>;
  /** Addresses and ranges of reverse proxies. */
  readonly trustedProxies: readonly string[];
  /** Open streams of one principal, and milliseconds until one that takes nothing is cut; left out, transport's own. */
  readonly streams?: { readonly each: number; readonly stalled: number };
}

/** The whole API over these resources, ready to listen. */
export async function serveApi(
  resources: Resources,
  uses: Uses,
  { surfaces, trustedProxies, streams: limits }: DoorOptions,
): Promise<FastifyInstance> {
  const app = openServer({ logger: resources.log, trustedProxies });
  logRequests(app, resources.log);
  guardBrowsers(app, resources);
  showRates(app);
  const application = applicationOf(resources, uses);
  answerOtherOrigins(app, resources, (request) => void application.admit(null, request.ip, "preflight", request));
  const { streams } = await serve(app, {
    families,
    handlers: handlers(resources),
    application,
    info: {
      title: "Takosumi",
      version: resources.settings.version,
      description: "A self-hosted control plane for OpenTofu and Terraform.",
    },
    surfaces: [...surfaces],
    ...(limits && { streams: limits }),
  });
  const watching = await watchAccess(resources.db, streams);
  app.addHook("onClose", () => watching.close());
  return app;
}
