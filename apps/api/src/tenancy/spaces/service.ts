import { ApiError } from "@takosumi/contracts/errors";
import { type Model, models } from "@takosumi/contracts/identity/models";
import { nameProblem } from "@takosumi/contracts/identity/names";
import { newId } from "@takosumi/contracts/ids";
import type { WorkspaceRow } from "@takosumi/db/rows";
import { slugOf, slugsAfter } from "../../deploy/projects/slug.ts";
import { nameTaken } from "../../identity/account/service.ts";
import { takeName } from "../../identity/names/repository.ts";
import type { Tx } from "../../world.ts";
import { insertMember } from "../space-members/repository.ts";
import * as rows from "./repository.ts";

/** Spaces that one person may own, and names tried for one. */
const ownedMost = 200;
const tries = 100;
const longestSlug = 30;

interface Given {
  readonly name: string;
  readonly id?: string | undefined;
  readonly description?: string | undefined;
}

/** A space, its name in the one namespace, and its owner. */
export async function createSpace(tx: Tx, owner: string, { name, id: wished, description }: Given): Promise<WorkspaceRow> {
  if ((await rows.countOwned(tx, owner)) >= ownedMost)
    throw new ApiError("CONFLICT", `You own ${ownedMost} spaces, as many as one may: delete one first`, { reason: "limit" });
  const made = await rows.insertSpace(tx, { id: newId("ws_"), name, description: description ?? null, owner_id: owner });
  await insertMember(tx, made.id, owner, "owner");
  return rows.writeSlug(tx, made.id, wished === undefined ? await freeName(tx, made.id, name) : await wishedName(tx, made.id, wished));
}

async function wishedName(tx: Tx, id: string, name: string): Promise<string> {
  if (await takeName(tx, name, id)) return name;
  throw nameTaken(name, "id");
}

/** "acme", "acme-2" …, and after so many of them one that nobody else has. */
async function freeName(tx: Tx, id: string, name: string): Promise<string> {
  const base = slugOf(name)
    .slice(0, longestSlug - 4)
    .replace(/-+$/, "");
  for (const slug of [...slugsAfter(base, tries), `${base.slice(0, 12)}-${id.slice(-12)}`])
    if (nameProblem(slug) === null && (await takeName(tx, slug, id))) return slug;
  throw nameTaken(base, "name");
}

export interface Change {
  readonly name?: string | undefined;
  readonly description?: string | null | undefined;
  readonly model?: Model | undefined;
  readonly provider?: string | undefined;
  readonly security_posture?: WorkspaceRow["security_posture"] | undefined;
}
/** `field` names the provider in a refusal. */
export async function changeSpace(tx: Tx, id: string, change: Change, field: string): Promise<WorkspaceRow> {
  const held = await rows.holdSpace(tx, id);
  const model = change.model ?? held.ai_model;
  const known = model !== null && model in models ? models[model as Model].provider : null;
  if (change.provider !== undefined && change.provider !== known) {
    const message = known === null ? "is given without a model" : `is not the provider of ${model}: that is ${known}`;
    throw new ApiError("BAD_REQUEST", `${field}: ${message}`, { reason: "invalid", fields: [{ path: field, message }] });
  }
  return rows.updateSpace(tx, {
    id,
    name: change.name ?? held.name,
    description: change.description === undefined ? held.description : change.description,
    security_posture: change.security_posture ?? held.security_posture,
    ai_model: model,
  });
}
