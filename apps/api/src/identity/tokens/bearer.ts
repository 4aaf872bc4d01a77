import type { IncomingHttpHeaders } from "node:http";
import { ApiError } from "@takosumi/contracts/errors";

const bearer = /^Bearer +([A-Za-z0-9._~+/=-]{1,512}) *$/i;
const shape = /^tak_[a-z]{3}_[A-Za-z0-9_-]{20,200}$/;

/** The token that a request shows, or null where it shows no credential at all. One that is malformed never counts as none. */
export function bearerOf({ authorization }: IncomingHttpHeaders): string | null {
  if (authorization === undefined) return null;
  const token = bearer.exec(authorization)?.[1];
  if (token === undefined)
    throw new ApiError("UNAUTHORIZED", "The Authorization header is not of the form: Bearer <token>", { reason: "invalid" });
  if (!shape.test(token))
    throw new ApiError("UNAUTHORIZED", "The token is malformed: it begins with tak_pat_ or another prefix of ours", { reason: "invalid" });
  return token;
}
