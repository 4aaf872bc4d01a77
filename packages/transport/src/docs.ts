import apiReference from "@scalar/fastify-api-reference";
import type { FamilySet } from "@takosumi/contracts/define";
import type { FastifyInstance } from "fastify";
import { type Info, openApiOf } from "./openapi.ts";

/** `/openapi.json`, built at the first request, and a readable reference of it at `/docs/` that needs nothing from elsewhere. */
export async function serveDocs(app: FastifyInstance, families: FamilySet, info: Info): Promise<void> {
  let text: string | undefined;
  app.get("/openapi.json", (_request, reply) => {
    text ??= JSON.stringify(openApiOf(families, info));
    return reply.headers({ "content-type": "application/json; charset=utf-8", "cache-control": "no-cache" }).send(text);
  });
  await app.register(apiReference, {
    routePrefix: "/docs",
    configuration: {
      url: "/openapi.json",
      pageTitle: `${info.title} API`,
      withDefaultFonts: false,
      telemetry: false,
      agent: { disabled: true },
      mcp: { disabled: true },
      hideClientButton: true,
      showDeveloperTools: "never",
      proxyUrl: "",
    },
  });
}
