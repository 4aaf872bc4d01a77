/** Where a repository lies, taken apart. `text` is its one canonical spelling: what is stored, compared and given to git. */
export interface GitUrl {
  readonly text: string;
  readonly scheme: "https" | "http" | "ssh" | "file";
  /** Lower case, IPv6 without brackets; empty for a file. */
  readonly host: string;
  readonly port: number | null;
  readonly user: string | null;
}

const ports = { https: 443, http: 80, ssh: 22 } as const;
const hostName = /^[a-z0-9_](?:[a-z0-9._-]*[a-z0-9_])?$/;
const userName = /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}$/;
const scp = /^([^@/:]+)@([^@/:]+):([^/].*)$/;
const useSecret = "takes no password or token: store it as a Secret and give its id as secret_id";

/** Takes a repository's address apart; answers in words what is wrong with one that is refused. */
export function parseGitUrl(text: string): GitUrl | string {
  if (!/^[\x21-\x7e]{1,1024}$/.test(text) || text.includes("\\"))
    return "is longer than 1,024 characters, or holds something that no URL holds";
  const short = scp.exec(text);
  if (short && !text.includes("://")) return scpUrl(short as unknown as [string, string, string, string]);
  if (!URL.canParse(text)) return "is not a URL such as https://host/repository.git or ssh://git@host/repository.git";
  const url = new URL(text);
  const scheme = url.protocol.slice(0, -1);
  if (scheme === "file") return fileUrl(url);
  if (scheme !== "https" && scheme !== "http" && scheme !== "ssh") return `begins with ${scheme}: only https, http and ssh are fetched`;
  if (url.password !== "" || (scheme !== "ssh" && url.username !== "")) return useSecret;
  if (url.search !== "" || url.hash !== "") return "takes no ? and no #: give ref and path as fields of their own";
  const host = url.hostname.replace(/^\[|\]$/g, "").toLowerCase();
  if (!hostName.test(host) && !/^[0-9a-f:.]+:[0-9a-f:.]*$/.test(host)) return "has no host that could be asked";
  const user = scheme === "ssh" ? url.username || "git" : null;
  if (user !== null && !userName.test(user)) return "names a user that ssh does not take";
  if (/^\/*$/.test(url.pathname)) return "names no repository on its host";
  const port = url.port === "" ? null : Number(url.port);
  if (port === 0) return "has no port that could be asked";
  const place = `${user === null ? "" : `${user}@`}${host.includes(":") ? `[${host}]` : host}${port === null || port === ports[scheme] ? "" : `:${port}`}`;
  return { text: `${scheme}://${place}${url.pathname}`, scheme, host, port: port === ports[scheme] ? null : port, user };
}

/** `git@host:path`: relative to the user's home there, so that it stays as it is. */
function scpUrl([, user, given, path]: [string, string, string, string]): GitUrl | string {
  const host = given.toLowerCase();
  if (!userName.test(user)) return "names a user that ssh does not take";
  if (!hostName.test(host)) return "has no host that could be asked";
  if (path.startsWith("-")) return "names no repository on its host";
  return { text: `${user}@${host}:${path}`, scheme: "ssh", host, port: null, user };
}

function fileUrl(url: URL): GitUrl | string {
  if (url.host !== "" || url.search !== "" || url.hash !== "" || url.pathname === "/") return "is no file:///path of a repository";
  return { text: `file://${url.pathname}`, scheme: "file", host: "", port: null, user: null };
}

/** "host", or "host:port" where it is another port than usual. */
export const authorityOf = ({ host, port }: Pick<GitUrl, "host" | "port">): string => (port === null ? host : `${host}:${port}`);
