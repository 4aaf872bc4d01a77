import { ApiError, Trespass } from "@takosumi/contracts/errors";
import type { runnerProtocol } from "@takosumi/contracts/runner/protocol";
import { recordDenial } from "@takosumi/db/audit-denials";
import type { Handlers } from "@takosumi/transport/handlers";
import { actorOf } from "../../pipeline/actor.ts";
import type { Resources } from "../../resources.ts";
import type { World } from "../../world.ts";

type Call = Parameters<Handlers<typeof runnerProtocol, World>["credentials"]>[0];
type Held = Parameters<Resources["engine"]["prepareCredentials"]>[0];

/** Opens what a Run may have now, and records names and ids of it before it is answered. Whoever is refused is recorded as well. */
export async function openCredentials(
  { engine, db, log }: Pick<Resources, "engine" | "db" | "log">,
  call: Call,
  hold: () => Promise<Held>,
) {
  const { input, principal, signal, request_id, write } = call;
  const { phase, purpose } = input;
  try {
    const held = await hold();
    const opened = await engine.prepareCredentials(held, { phase, purpose }, signal);
    const names = opened.injected.map(({ name }) => name).sort();
    await write((tx) => engine.keepCredentials(tx, held, opened), {
      metadata: { phase, purpose, connections: opened.connections, names },
    });
    return opened.credentials;
  } catch (error) {
    // The pipeline records a trespass.
    if (error instanceof ApiError && !(error instanceof Trespass)) {
      const { id: run_id, runner_id, epoch } = input;
      const { code, details } = error;
      const metadata = { code, reason: details?.reason ?? null, run_id, runner_id, epoch, phase };
      const workspace_id = await engine.workspaceOfRun(run_id);
      const denial = { workspace_id, actor: actorOf(principal), operation: "runnerProtocol.credentials", metadata, request_id };
      await recordDenial(db, denial).catch((err: unknown) => log.warn({ err, request_id }, "a refusal could not be recorded"));
    }
    throw error;
  }
}
