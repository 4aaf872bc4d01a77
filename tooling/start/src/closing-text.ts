import { relative } from "node:path";

/** A path as somebody in this directory would type it. */
const typed = (path: string): string => {
  const near = relative(process.cwd(), path);
  const shown = near.startsWith("..") ? path : near;
  return /^[\w./-]+$/.test(shown) ? shown : `'${shown.replaceAll("'", `'\\''`)}'`;
};

interface Closing {
  readonly url: string;
  readonly dataDir: string;
  readonly authFile: string;
  /** Signs the first owner in; null once they have set their account up. */
  readonly signIn: string | null;
}

/** What stands below the steps; `Ready: <url>` is always its last line. */
export function closingText({ url, dataDir, authFile, signIn }: Closing): string {
  const link = signIn === null ? "" : `\n  Sign in with a browser (this link works once, for ten minutes):\n    ${signIn}\n`;
  return `${link}
  Open the API reference:
    ${url}/docs

  Your module   README.md, "Your own module": six lines of curl
  API           ${url}/openapi.json
                curl -H @${typed(authFile)} ${url}/api/runs
  Data          ${typed(dataDir)}/ (back up master.key: without it nothing can be read)
  Logs          ${typed(dataDir)}/logs/
  Stop          Ctrl-C

Ready: ${url}`;
}
