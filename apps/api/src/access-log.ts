import type { FastifyInstance } from "fastify";
import type { Log } from "./logger.ts";
import { workspaceOf } from "./pipeline/whereabouts.ts";

/** One line a request. The route is the pattern, never the URL: no id but those named below, no query, no body. */
export function logRequests(app: FastifyInstance, log: Log): void {
  // Looking for credentials in every line costs 6 % of a small read, and these fields cannot hold any.
  const lines = log.child({}, { redact: [] });
  app.addHook("onResponse", (request, reply, done) => {
    // Nothing waits for it: the answer is out.
    done();
    const { url: route = "none" } = request.routeOptions;
    const level = reply.statusCode >= 500 ? "warn" : quiet.has(route) ? "debug" : "info";
    if (!lines.isLevelEnabled(level)) return;
    const run = route.includes("/runs/:id") ? (request.params as { id?: string }).id : undefined;
    lines[level](
      {
        request_id: request.id,
        workspace_id: workspaceOf(request.principal),
        run_id: run !== undefined && /^run_[0-9a-z]{1,40}$/.test(run) ? run : undefined,
        actor_id: request.principal?.id,
        route: `${request.method} ${route}`,
        status: reply.statusCode,
        duration_ms: Math.round(reply.elapsedTime * 10) / 10,
      },
      "request",
    );
  });
}

/** Asked every few seconds by machines. */
const quiet = new Set(["/healthz", "/readyz", "/api/runner/claim", "/api/runner/runs/:id/renew"]);
