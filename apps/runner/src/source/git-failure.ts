import { authorityOf, type GitUrl } from "@takosumi/contracts/deploy/git-url";
import { clip } from "../events/fit.ts";
import { type FailureCode, RunFailure } from "../run/failure.ts";

type Told = readonly [said: RegExp, code: FailureCode, words: (url: GitUrl, credential: boolean) => string];

const needs = (url: GitUrl): string => (url.scheme === "ssh" ? "a private SSH key that it knows" : "user:token, or the token alone");
const unauthorized = (url: GitUrl, credential: boolean): string =>
  credential
    ? `${authorityOf(url)} does not accept the Secret of the source. It must hold ${needs(url)}, with the right to read this repository.`
    : `${authorityOf(url)} asks for a password. Store one as a Secret (${needs(url)}) and give its id as source.secret_id.`;
const missing = (url: GitUrl, credential: boolean): string =>
  `${url.text} is not there, or ${credential ? "its Secret" : "nobody without a Secret"} may not read it.`;

/** What git and ssh say, in their own words, and what it means. The first that fits. */
const table: readonly Told[] = [
  [
    /REMOTE HOST IDENTIFICATION HAS CHANGED/,
    "SOURCE_HOST_KEY_CHANGED",
    (url) => `${authorityOf(url)} shows another host key than the one that is pinned.`,
  ],
  [
    /could not read Username|could not read Password|Authentication failed|returned error: 40[13]|Permission denied \(/,
    "SOURCE_UNAUTHORIZED",
    unauthorized,
  ],
  [
    /Load key .*(?:passphrase|invalid format|error in libcrypto)/,
    "SOURCE_CREDENTIAL_INVALID",
    () => "The Secret of the source is a key that ssh cannot use: it must be a private key without a passphrase.",
  ],
  [
    /repository '.*' not found|returned error: 404|does not appear to be a git repository|Repository not found/i,
    "SOURCE_NOT_FOUND",
    missing,
  ],
  [
    /couldn't find remote ref|not our ref|no such remote ref|Server does not allow request for unadvertised object/,
    "SOURCE_REF_NOT_FOUND",
    (url) => `${url.text} has no such ref.`,
  ],
  [
    /File size limit|File too large|signal 25|died of signal|invalid index-pack output/,
    "SOURCE_TOO_LARGE",
    (url) => `${url.text} is larger than a source may be.`,
  ],
  [
    /SSL|certificate/,
    "SOURCE_UNREACHABLE",
    (url) =>
      `${authorityOf(url)} could not be reached safely: its certificate is not accepted. Where an authority of your own signed it, name that in TAKOSUMI_CA_CERTIFICATES of the runner.`,
  ],
  [
    /Could not resolve|Failed to connect|Couldn't connect|Connection refused|Connection timed out|Connection reset|Connection closed|timed out|No route to host|unreachable|Operation too slow|Empty reply|returned error: 5\d\d|early EOF|hung up/i,
    "SOURCE_UNREACHABLE",
    (url) => `${authorityOf(url)} does not answer as a git server does.`,
  ],
];

/** The end of a git command as a failure of the Run; git's own words go along as details. */
export function gitFailure(url: GitUrl, said: string, credential: boolean): RunFailure {
  const found = table.find(([pattern]) => pattern.test(said));
  const text = clip(said.replace(/\s+/g, " ").trim(), 1_000);
  if (!found) return new RunFailure("SOURCE_FETCH_FAILED", `${url.text} could not be fetched: ${text || "git did not say why"}`);
  const [, code, words] = found;
  return new RunFailure(code, words(url, credential), { details: { git: text } });
}

/** The status of a redirect, where git was sent elsewhere and did not go. */
export const wasRedirected = (said: string): boolean => /returned error: 30[12378]/.test(said);
