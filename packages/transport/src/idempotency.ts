import { createHash } from "node:crypto";
import type { Operation } from "@takosumi/contracts/define";
import { ApiError } from "@takosumi/contracts/errors";
import type { Claim, Principal, Replay } from "./application.ts";

/** Every JSON POST that writes takes an Idempotency-Key; of nobody in particular it is ignored, since keys belong to a principal. */
export const takesKey = ({ kind, method, spec }: Operation): boolean =>
  kind === "json" && method === "POST" && spec.audit !== undefined && !spec.audit.startsWith("none:");

export function claimOf(operation: string, header: string | string[] | undefined, who: Principal | null, input: unknown): Claim | null {
  if (header === undefined || who === null) return null;
  const key = String(header);
  if (!/^[\x20-\x7e]{1,255}$/.test(key)) {
    const message = "must be 1 to 255 printable ASCII characters";
    throw new ApiError("BAD_REQUEST", `Idempotency-Key: ${message}`, { reason: "invalid", fields: [{ path: "idempotency-key", message }] });
  }
  const digest = createHash("sha256")
    .update(`${operation}\n${canonical(input)}`)
    .digest("hex");
  return { key, principal_id: who.id, operation, digest };
}

/** The earlier answer, if it is of the very same request. */
export function sameRequest(claim: Claim, replay: Replay): Replay {
  if (replay.operation === claim.operation && replay.digest === claim.digest) return replay;
  throw new ApiError("CONFLICT", "This Idempotency-Key was used for another request: use a new one", { reason: "idempotency_key_reused" });
}

/** JSON with keys in order, so that two writings of one request have one digest. */
export const canonical = (value: unknown): string =>
  JSON.stringify(value, (_, inner: unknown) =>
    typeof inner === "object" && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)))
      : inner,
  ) ?? "null";
