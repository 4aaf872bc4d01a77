import { ApiError } from "@takosumi/contracts/errors";
import { health } from "@takosumi/contracts/instance/health";
import type { Resources } from "../../resources.ts";
import { implement } from "../../world.ts";
import { type Check, readiness } from "./service.ts";

export const healthHandlers = ({ settings, ...resources }: Pick<Resources, "db" | "blobs" | "keyring" | "settings">) => {
  const look = readiness(resources);
  return implement(health, {
    live: () => ({ status: "ok" }),
    ready: async ({ input }) => {
      const checks = await look(input.runners === true);
      const failing = checks.filter(({ ok }) => !ok);
      if (failing.length > 0) throw unready(failing, checks);
      return { status: "ready", checks: [...checks] };
    },
    version: () => ({ name: "takosumi", version: settings.version }),
  });
};

const reasons = { database: "database", migrations: "starting", blobs: "storage", key: "storage", runners: "busy" } as const;

function unready(failing: readonly Check[], checks: readonly Check[]): ApiError {
  const message = failing.map(({ name, message: wrong }) => `${name}: ${wrong}`).join("; ");
  return new ApiError("UNAVAILABLE", message, { reason: reasons[failing[0]?.name ?? "database"], retry_after_ms: 5_000, checks });
}
