import { effectivePolicy, type Policy } from "@takosumi/contracts/deploy/policy";
import { ApiError } from "@takosumi/contracts/errors";
import { newId } from "@takosumi/contracts/ids";
import { canonicalJson } from "@takosumi/db/canonical-json";
import { UniqueViolation } from "@takosumi/db/errors";
import type { ProjectRow } from "@takosumi/db/rows";
import type { Engine } from "@takosumi/run-engine/engine";
import type { Tx } from "../../world.ts";
import { type PolicyRights, refusePolicyChange, refuseUnknownPool } from "../policy-rights.ts";
import * as rows from "./repository.ts";
import { slugOf, slugsAfter } from "./slug.ts";

interface Given {
  readonly name: string;
  readonly slug?: string | undefined;
  readonly description?: string | null | undefined;
  readonly policy?: Policy | undefined;
}

/** Names tried for one Project, and how often somebody else may be faster: each time another one was made meanwhile. */
const candidates = 100;
const tries = 50;
const page = 200;
/** Capsules of a Project that cannot be deleted: how many are named, and how many are counted. */
const named = 10;
const counted = 1_000;

const slugTaken = (slug: string) =>
  new ApiError("CONFLICT", `slug: ${slug} is the slug of another Project of this Workspace`, {
    reason: "name_taken",
    fields: [{ path: "slug", message: `${slug} is taken in this Workspace` }],
  });

export async function createProject(
  tx: Tx,
  workspaceId: string,
  rights: PolicyRights,
  { name, slug, description, policy }: Given,
): Promise<ProjectRow> {
  refusePolicyChange(rights, of({}), of(policy ?? {}));
  await refuseUnknownPool(tx, workspaceId, policy ?? {});
  const row = { id: newId("prj_"), workspace_id: workspaceId, name, description: description ?? null, policy: policy ?? {} };
  if (slug !== undefined) {
    const inserted = await rows.insertProject(tx, { ...row, slug });
    if (!inserted) throw slugTaken(slug);
    return inserted;
  }
  const wanted = slugsAfter(slugOf(name), candidates);
  for (let i = 0; i < tries; i++) {
    const taken = await rows.takenSlugs(tx, workspaceId, wanted);
    const free = wanted.find((one) => !taken.has(one));
    if (free === undefined) break;
    const inserted = await rows.insertProject(tx, { ...row, slug: free });
    if (inserted) return inserted;
  }
  throw slugTaken(wanted[0] ?? name);
}

/** Another policy makes plans stale in the same transaction, of the Capsules for which it changes something. */
export async function changeProject(
  tx: Tx,
  engine: Pick<Engine, "staleOnConfigChange">,
  rights: PolicyRights,
  id: string,
  given: { readonly [Name in keyof Given]?: Given[Name] | undefined },
): Promise<ProjectRow> {
  const held = await rows.holdProject(tx, id);
  if (!held) throw new ApiError("NOT_FOUND", "There is no such project");
  const next = {
    id,
    name: given.name ?? held.name,
    slug: given.slug ?? held.slug,
    description: given.description === undefined ? held.description : given.description,
    policy: given.policy ?? held.policy,
  };
  refusePolicyChange(rights, of(held.policy), of(next.policy));
  if (given.policy) await refuseUnknownPool(tx, held.workspace_id, given.policy);
  const updated = await rows.updateProject(tx, next).catch((error: unknown) => {
    throw error instanceof UniqueViolation ? slugTaken(next.slug) : error;
  });
  await applyPolicy(tx, engine, held, updated.policy);
  return updated;
}

const of = (project: Policy) => ({ project, capsule: {} });

async function applyPolicy(tx: Tx, engine: Pick<Engine, "staleOnConfigChange">, before: ProjectRow, policy: Policy): Promise<void> {
  if (canonicalJson(before.policy) === canonicalJson(policy)) return;
  const touched = (await rows.capsulePolicies(tx, before.id)).filter(
    (own) => canonicalJson(effectivePolicy(before.policy, own)) !== canonicalJson(effectivePolicy(policy, own)),
  );
  if (touched.length === 0) return;
  await rows.raiseRevisions(tx, before.id, touched);
  for (let after = ""; ; ) {
    const waiting = await rows.capsulesWaiting(tx, before.id, touched, after, page);
    for (const capsule of waiting) await engine.staleOnConfigChange(tx, capsule);
    if (waiting.length < page) return;
    after = waiting.at(-1)?.id ?? after;
  }
}

/** Leaves a tombstone: Runs and states of its deleted Capsules still name it. */
export async function removeProject(tx: Tx, id: string): Promise<ProjectRow> {
  if (!(await rows.holdProject(tx, id))) throw new ApiError("NOT_FOUND", "There is no such project");
  const names = await rows.capsuleNamesOf(tx, id, counted + 1);
  if (names.length > 0) {
    const many = names.length > counted ? `more than ${counted}` : String(names.length);
    const shown = `${names.slice(0, named).join(", ")}${names.length > named ? " and others" : ""}`;
    throw new ApiError("CONFLICT", `The Project holds ${many} Capsule${names.length > 1 ? "s" : ""}, ${shown}: delete them first`, {
      reason: "not_empty",
      capsule_count: Math.min(names.length, counted),
      capsules: names.slice(0, named),
    });
  }
  return rows.buryProject(tx, id);
}
