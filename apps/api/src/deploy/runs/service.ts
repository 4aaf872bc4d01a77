import type { Permission, Role } from "@takosumi/contracts/access";
import type { Run } from "@takosumi/contracts/deploy/run";
import type { CreateRun } from "@takosumi/contracts/deploy/runs";
import { ApiError } from "@takosumi/contracts/errors";
import type { Queries } from "@takosumi/db/db";
import type { CapsuleRow, RunRow } from "@takosumi/db/rows";
import type { Principal } from "@takosumi/transport/handlers";
import type { z } from "zod";
import { actorOf } from "../../pipeline/actor.ts";
import type { Resources } from "../../resources.ts";
import { besideOf, capsuleOf, type Needs } from "./repository.ts";
import { shown } from "./shown.ts";

/** Who looks at a Run: what they are in its Workspace, and may do there. */
export interface Caller {
  readonly id: string;
  readonly role: Role;
  readonly may: (permission: Permission) => boolean;
}
type Used = Pick<Resources, "db" | "engine">;
interface Reading {
  readonly db: Queries;
  readonly engine: Resources["engine"];
}
const inlined = 200;

/** One Run, with its riskiest changes. */
export async function view({ db, engine }: Reading, run: RunRow, caller: Caller): Promise<z.infer<typeof Run>> {
  const [beside, queue] = await Promise.all([besideOf(db, [run.id], inlined), engine.queueOf(db, run)]);
  return shown(run, besideIn(beside, run), queue, caller);
}
/** A page of Runs, without the changes of their plans. */
export async function viewAll({ db, engine }: Reading, runs: readonly RunRow[], caller: Caller): Promise<z.infer<typeof Run>[]> {
  const beside = await besideOf(
    db,
    runs.map(({ id }) => id),
    0,
  );
  return Promise.all(runs.map(async (run) => shown(run, besideIn(beside, run), await engine.queueOf(db, run), caller)));
}
/** What somebody with these permissions is waited for: to approve, to recover, to give a connection. */
export const needsOf = ({ id, role, may }: Caller): Needs => ({
  statuses: [
    ...(may("run:approve") ? (["planned", "awaiting_approval"] as const) : []),
    ...(may("run:recover") ? (["needs_recovery"] as const) : []),
    ...(may("capsule:write") ? (["blocked"] as const) : []),
  ],
  destroys: may("run:destroy"),
  user_id: id,
  owner: role === "owner",
});

const besideIn = (beside: Awaited<ReturnType<typeof besideOf>>, { id }: RunRow) => {
  const found = beside.get(id);
  if (!found) throw new Error(`Run ${id} has no Capsule`);
  return found;
};

export const preparePlan = (
  { engine }: Pick<Resources, "engine">,
  capsule: CapsuleRow,
  principal: Principal,
  input: z.infer<typeof CreateRun>,
) =>
  engine.preparePlan({
    capsule,
    actor: actorOf(principal),
    mode: input.mode ?? "normal",
    targets: input.targets ?? [],
    replace: input.replace ?? [],
    variables: input.variables ?? [],
    message: input.message ?? null,
  });

/** A new plan of what an old one was made for: the Capsule as it is now, with the old one's mode, targets and own variables. */
export async function prepareRetry({ db, engine }: Used, run: RunRow, principal: Principal, message: string | undefined) {
  const capsule = await capsuleOf(db, run.capsule_id);
  if (!capsule) throw new ApiError("CONFLICT", "The Capsule was deleted", { reason: "terminal" });
  return engine.preparePlan({
    capsule,
    actor: actorOf(principal),
    mode: run.mode,
    targets: run.targets,
    replace: run.replace_addresses,
    variables: await engine.givenVariables(run),
    message: message ?? run.message,
    again: run,
  });
}

/** 400 where an apply is asked for of a destroy plan, or the reverse: nobody destroys by a slip. */
export function refuseOtherKind(plan: RunRow, kind: "apply" | "destroy"): void {
  const wrong = (path: string, message: string) =>
    new ApiError("BAD_REQUEST", `${path}: ${message}`, { reason: "invalid", fields: [{ path, message }] });
  if (plan.kind !== "plan") throw wrong("plan_run_id", `${plan.id} is not a plan but an ${plan.kind}`);
  const fits = plan.mode === "destroy" ? "destroy" : "apply";
  if (kind !== fits) throw wrong("kind", `the plan ${plan.id} has mode ${plan.mode}: it is executed by kind ${fits}`);
}

/** Who approves a destroy needs the permission for that as well. */
export function refuseDestroy(run: RunRow, { may }: Pick<Caller, "may">): void {
  if (run.mode === "destroy" && !may("run:destroy"))
    throw new ApiError("FORBIDDEN", "Your role or token does not include run:destroy, which approving a destroy needs", {
      reason: "role",
      permission: "run:destroy",
    });
}
