import type { Surface } from "@takosumi/contracts/contexts";
import { families } from "@takosumi/contracts/families";
import { serve } from "@takosumi/transport/serve";
import { openServer } from "@takosumi/transport/server";
import type { FastifyInstance } from "fastify";
import { logRequests } from "./access-log.ts";
import { handlers } from "./handlers.ts";
import type { Uses } from "./identity/tokens/uses.ts";
import { applicationOf } from "./pipeline/application.ts";
import type { Resources } from "./resources.ts";

/** The whole API over these resources, ready to listen. */
export async function serveApi(
  resources: Resources,
  uses: Uses,
  options: { readonly surfaces: ReadonlySet<Surface>; readonly trustedProxies: readonly string[] },
): Promise<FastifyInstance> {
  const app = openServer({ logger: resources.log, trustedProxies: options.trustedProxies });
  logRequests(app, resources.log);
  await serve(app, {
    families,
    handlers: handlers(resources),
    application: applicationOf(resources, uses),
    info: {
      title: "Takosumi",
      version: resources.settings.version,
      description: "A self-hosted control plane for OpenTofu and Terraform.",
    },
    surfaces: [...options.surfaces],
  });
  return app;
}
