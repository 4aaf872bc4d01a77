import type { IncomingHttpHeaders } from "node:http";
import { ApiError } from "@takosumi/contracts/errors";
import type { Cookie } from "@takosumi/contracts/infer";

const loopback = new Set(["localhost", "127.0.0.1", "[::1]"]);

/** Whether two origins are one for us: the same, or names of this very machine with the same port. */
function sameOrigin(a: URL, b: URL): boolean {
  if (a.origin === b.origin) return true;
  return loopback.has(a.hostname) && loopback.has(b.hostname) && a.port === b.port && a.protocol === b.protocol;
}

/** Whether a browser's page at this origin is one of ours. */
export const isOurOrigin = (publicUrl: string, origin: string | undefined): boolean =>
  origin !== undefined && URL.canParse(origin) && sameOrigin(new URL(origin), new URL(publicUrl));

/** Whether this is an origin as browsers write one: "https://app.example.com", "http://127.0.0.1:5173". */
export const isOrigin = (text: string): boolean => text.length <= 300 && /^https?:\/\//.test(text) && URL.parse(text)?.origin === text;

/** A change that a browser asks for must come from a page of ours. */
export function refuseForeignOrigin(publicUrl: string, { origin }: IncomingHttpHeaders): void {
  if (!isOurOrigin(publicUrl, origin))
    throw new ApiError("FORBIDDEN", `A browser may only do this from ${publicUrl}: the Origin of the request is another or missing`, {
      reason: "origin",
    });
}

/** The same of a GET that changes something: a browser says by itself which site asks, and a program says nothing. */
export function refuseForeignSite({ "sec-fetch-site": site }: IncomingHttpHeaders): void {
  if (site !== undefined && site !== "same-origin" && site !== "none")
    throw new ApiError("FORBIDDEN", "A browser may only do this from a page of ours", { reason: "origin" });
}

/**
 * The session cookie. Over https its name makes browsers refuse one that another host or path set; over http it carries the port,
 * since cookies are shared between the ports of a host.
 */
export function sessionCookie(publicUrl: string): { readonly name: string; readonly secure: boolean } {
  const { protocol, port } = new URL(publicUrl);
  return protocol === "https:" ? { name: "__Host-tp_session", secure: true } : { name: `tp_session_${port || "80"}`, secure: false };
}
/** Sets the session cookie, for so many seconds. Lax: a Strict one would be missing after the redirect of an identity provider. */
export const cookieOf = (publicUrl: string, token: string, maxAge: number): Cookie => ({
  ...sessionCookie(publicUrl),
  value: token,
  max_age: maxAge,
  same_site: "lax",
});
export const clearedCookie = (publicUrl: string): Cookie => cookieOf(publicUrl, "", 0);

/** The value of one cookie; null where it is missing, or there twice. */
export function cookieNamed(name: string, { cookie }: IncomingHttpHeaders): string | null {
  if (cookie === undefined) return null;
  const found = cookie
    .split(";")
    .map((pair) => pair.trim())
    .filter((pair) => pair.startsWith(`${name}=`));
  return found.length === 1 ? (found[0] ?? "").slice(name.length + 1) : null;
}

/** Where a browser goes when nothing else was said. */
export const home = "/docs/";
/** A path of ours, with its query and fragment; `home` for anything that would lead elsewhere. */
export function pathOfOurs(publicUrl: string, given: string | undefined): string {
  if (given === undefined || !/^\/(?![/\\])/.test(given) || /[\p{Cc}\\]/u.test(given) || !URL.canParse(given, publicUrl)) return home;
  const url = new URL(given, publicUrl);
  const path = url.pathname + url.search + url.hash;
  // "/.//host" is a path of ours until its dot is gone: what is sent must mean to a browser what was looked at here.
  return url.origin === new URL(publicUrl).origin && new URL(path, publicUrl).href === url.href ? path : home;
}
