import { lookup } from "node:dns/promises";
import { authorityOf, type GitUrl } from "@takosumi/contracts/deploy/git-url";
import { RunFailure } from "../run/failure.ts";
import { isPrivate, type PrivateHosts } from "./private-hosts.ts";

const MOST_ADDRESSES = 8;

/**
 * The addresses that a repository's host has now, looked up once: git is told to use these and no others, so that what was checked is what
 * is reached. A private one is refused unless the operator named it. Throws RunFailure.
 */
export async function reach(url: GitUrl, hosts: PrivateHosts, via = ""): Promise<readonly string[]> {
  const found = await lookup(url.host, { all: true }).catch((error: NodeJS.ErrnoException) => {
    throw new RunFailure("SOURCE_UNREACHABLE", `The host ${url.host} of the source is not known here (${error.code ?? "no address"}).`);
  });
  const addresses = found.map(({ address }) => address);
  if (hosts.names(url.host, url.port)) return addresses.slice(0, MOST_ADDRESSES);
  const wrong = addresses.find((address) => isPrivate(address) && !hosts.holds(address));
  if (wrong === undefined) return addresses.slice(0, MOST_ADDRESSES);
  const place = authorityOf(url);
  const setting = `Name it in TAKOSUMI_GIT_PRIVATE_HOSTS of the runner, if it may be asked.`;
  const said =
    via === "" ? `${place} is at ${wrong}, which is no public address` : `${via}${place}, which is at ${wrong}, no public address`;
  throw new RunFailure("SOURCE_PRIVATE_ADDRESS", `${said}. ${setting}`, {
    details: { host: place, address: wrong },
  });
}
