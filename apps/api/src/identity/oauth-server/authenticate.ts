import { permissionsOf } from "@takosumi/contracts/access";
import { ApiError } from "@takosumi/contracts/errors";
import { hashToken } from "@takosumi/keyring/tokens";
import type { Principal } from "@takosumi/transport/application";
import type { Db } from "../../world.ts";
import { findAccessHolder } from "./repository.ts";

/** Who an app's access token acts for: a person, or the app's own service. It may what its scopes say, as far as the app may still ask for them, and never more than they. */
export async function appOf(db: Db, token: string, address: string): Promise<Principal> {
  const found = await findAccessHolder(db, hashToken(token));
  if (!found || found.user_id === null)
    throw new ApiError("UNAUTHORIZED", "The access token is not known, or its authorization was taken back", { reason: "invalid" });
  if (found.expired) throw new ApiError("UNAUTHORIZED", "The access token has expired: refresh it", { reason: "expired" });
  const { user_id: id, user_kind: kind, user_name, client_name, scope, allowed, token_id, expires_at } = found;
  // What a person did by an app is recorded so.
  const name = kind === "user" ? `${user_name} by ${client_name}` : client_name;
  return {
    id,
    kind,
    name,
    scopes: permissionsOf((scope ?? "").split(" ").filter((one) => allowed.includes(one))),
    token_id,
    address,
    expires_at,
  };
}
