import { authorityOf, type GitUrl, parseGitUrl } from "@takosumi/contracts/deploy/git-url";
import { pinnedTo } from "@takosumi/reach/pinned";
import type { PrivateHosts } from "@takosumi/reach/private-hosts";
import { Agent, request } from "undici";
import { RunFailure } from "../run/failure.ts";
import { reach } from "./reach.ts";

const ANSWER_MS = 15_000;
const REFS = "/info/refs";

/**
 * Where a repository's server points to, for a git that was told to follow nobody. The same host, or the same over https, is gone to; any
 * other is a RunFailure that names it, and says whether it is a private one.
 */
export async function redirected(url: GitUrl, addresses: readonly string[], hosts: PrivateHosts): Promise<GitUrl> {
  const said = await locationOf(url, addresses);
  const next = said === null ? null : parseGitUrl(said);
  if (next === null || typeof next === "string")
    throw new RunFailure("SOURCE_REDIRECTED", `${url.text} redirects to something that is no repository's address.`);
  const same = next.host === url.host && (next.port === url.port ? next.scheme === url.scheme || next.scheme === "https" : false);
  if (same) return next;
  const via = `${authorityOf(url)} redirects to `;
  if (next.scheme !== "file") await reach(next, hosts, via);
  throw new RunFailure(
    "SOURCE_REDIRECTED",
    `${via}${authorityOf(next)}, another host, which is not followed. Give ${next.text} as source.url, if that is meant.`,
    {
      details: { location: next.text },
    },
  );
}

/** Asks without any credential: nothing is shown that git did not show. */
async function locationOf(url: GitUrl, addresses: readonly string[]): Promise<string | null> {
  const asked = `${url.text}${REFS}?service=git-upload-pack`;
  const address = addresses[0] as string;
  const dispatcher = new Agent({
    connect: {
      lookup: pinnedTo(address),
    },
  });
  try {
    const answer = await request(asked, { dispatcher, headersTimeout: ANSWER_MS, bodyTimeout: ANSWER_MS });
    await answer.body.dump({ limit: 65_536, signal: AbortSignal.timeout(ANSWER_MS) }).catch(() => undefined);
    const location = answer.headers.location;
    if (typeof location !== "string" || !URL.canParse(location, asked)) return null;
    const next = new URL(location, asked);
    const end = next.pathname.lastIndexOf(REFS);
    return `${next.protocol}//${next.host}${end > 0 ? next.pathname.slice(0, end) : next.pathname}`;
  } catch {
    return null;
  } finally {
    await dispatcher.destroy();
  }
}
