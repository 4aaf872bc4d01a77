import { request as http } from "node:http";
import { request as https } from "node:https";
import { addressesOf } from "@takosumi/reach/addresses";
import { pinnedTo } from "@takosumi/reach/pinned";
import type { PrivateHosts } from "@takosumi/reach/private-hosts";
import type { Tried } from "./repository.ts";

const patienceMs = 10_000;

/**
 * Posts a body to a URL that somebody gave. The host is looked up once, and the address that was checked is the one that is connected to;
 * a redirect is an answer like any other, and a wrong one. Never throws: what went wrong is said, in words that tell nothing of our network.
 */
export async function post(url: string, allowed: PrivateHosts, headers: Readonly<Record<string, string>>, body: string): Promise<Tried> {
  const started = Date.now();
  const tried = (status: number | null, error: string | null): Tried => ({ status, duration_ms: Date.now() - started, error });
  const to = new URL(url);
  const host = to.hostname.replace(/^\[|\]$/g, "");
  const signal = AbortSignal.timeout(patienceMs);
  const late = new Promise<{ readonly unknown: string }>((resolve) => {
    signal.addEventListener("abort", () => resolve({ unknown: "ETIMEDOUT" }), { once: true });
  });
  const found = await Promise.race([addressesOf(host, to.port === "" ? null : Number(to.port), allowed), late]);
  if ("unknown" in found) return tried(null, "the host is not known");
  if ("refused" in found) return tried(null, "the host has a private address, which webhooks may not reach");
  try {
    const status = await answerOf(to, found.addresses[0], headers, body, signal);
    if (status >= 200 && status < 300) return tried(status, null);
    return tried(status, status >= 300 && status < 400 ? `answered ${status}: redirects are not followed` : `answered ${status}`);
  } catch (error) {
    if (signal.aborted) return tried(null, `did not answer within ${patienceMs / 1_000} s`);
    const { code } = error as NodeJS.ErrnoException;
    return tried(null, typeof code === "string" && /^[A-Z_]{1,60}$/.test(code) ? `could not be reached (${code})` : "could not be reached");
  }
}

/** The status alone: whatever else is answered is not read. */
function answerOf(to: URL, address: string, headers: Readonly<Record<string, string>>, body: string, signal: AbortSignal): Promise<number> {
  const bytes = Buffer.from(body);
  return new Promise((resolve, reject) => {
    const asked = (to.protocol === "https:" ? https : http)(to, {
      method: "POST",
      agent: false,
      lookup: pinnedTo(address),
      signal,
      headers: { ...headers, "content-type": "application/json", "content-length": String(bytes.length) },
    });
    asked.on("error", reject);
    asked.on("response", (response) => {
      resolve(response.statusCode ?? 0);
      response.destroy();
    });
    asked.end(bytes);
  });
}
