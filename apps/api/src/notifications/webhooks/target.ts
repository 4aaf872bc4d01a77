import { isIP } from "node:net";
import { ApiError } from "@takosumi/contracts/errors";
import { isPrivate, type PrivateHosts } from "@takosumi/reach/private-hosts";

/** 400 for a URL that says itself that it is private. Where a name leads is looked at in every delivery. */
export function refusePrivate(url: string, allowed: PrivateHosts): void {
  const { hostname, port } = new URL(url);
  const host = hostname.replace(/^\[|\]$/g, "");
  const local = host === "localhost" || host.endsWith(".localhost");
  if (isIP(host) === 0 && !local) return;
  if (allowed.names(host, port === "" ? null : Number(port))) return;
  if (!local && (!isPrivate(host) || allowed.holds(host))) return;
  const message = "leads to a private address, which webhooks of this instance may not reach";
  throw new ApiError("BAD_REQUEST", `url ${message}`, { reason: "invalid", fields: [{ path: "url", message }] });
}
