import { authorityOf, type GitUrl } from "@takosumi/contracts/deploy/git-url";
import { addressesOf } from "@takosumi/reach/addresses";
import type { PrivateHosts } from "@takosumi/reach/private-hosts";
import { RunFailure } from "../run/failure.ts";

/**
 * The addresses that a repository's host has now, looked up once: git is told to use these and no others, so that what was checked is what
 * is reached. A private one is refused unless the operator named it. Throws RunFailure.
 */
export async function reach(url: GitUrl, hosts: PrivateHosts, via = ""): Promise<readonly string[]> {
  const found = await addressesOf(url.host, url.port, hosts);
  if ("addresses" in found) return found.addresses;
  if ("unknown" in found)
    throw new RunFailure("SOURCE_UNREACHABLE", `The host ${url.host} of the source is not known here (${found.unknown}).`);
  const wrong = found.refused;
  const place = authorityOf(url);
  const setting = `Name it in TAKOSUMI_GIT_PRIVATE_HOSTS of the runner, if it may be asked.`;
  const said =
    via === "" ? `${place} is at ${wrong}, which is no public address` : `${via}${place}, which is at ${wrong}, no public address`;
  throw new RunFailure("SOURCE_PRIVATE_ADDRESS", `${said}. ${setting}`, {
    details: { host: place, address: wrong },
  });
}
