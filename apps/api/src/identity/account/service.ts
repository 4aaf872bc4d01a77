import { ApiError } from "@takosumi/contracts/errors";
import type { Tx } from "../../world.ts";
import { releaseName, takeName } from "../names/repository.ts";
import { type AccountRow, completeSetup, holdAccount, readAccount, renameAccount } from "./repository.ts";

export const nameTaken = (name: string, path = "username") =>
  new ApiError("CONFLICT", `${path}: ${name} is taken: choose another one`, {
    reason: "name_taken",
    fields: [{ path, message: "is taken" }],
  });

/** How a change of username is recorded: not at all where it was none. */
export const aboutRename = ({ username, before }: AccountRow & { readonly before: string }) =>
  username === before ? null : { metadata: { username, before } };

/** Gives the account and its space another name. The old one leads there for 90 days; the same one changes nothing. */
export async function changeUsername(tx: Tx, userId: string, username: string): Promise<AccountRow & { readonly before: string }> {
  const held = await holdAccount(tx, userId);
  const before = held.username;
  if (before === username) return { ...held, before };
  if (!(await takeName(tx, username, held.workspace_id))) throw nameTaken(username);
  await releaseName(tx, before);
  await renameAccount(tx, userId, username);
  return { ...held, username, before };
}

export async function endSetup(tx: Tx, userId: string, username: string): Promise<AccountRow> {
  const { setup_completed_at: before } = await holdAccount(tx, userId);
  if (before !== null) throw new ApiError("BAD_REQUEST", "The setup of this account was completed before", { reason: "invalid" });
  await changeUsername(tx, userId, username);
  await completeSetup(tx, userId);
  return readAccount(tx, userId);
}
