// The one place that reads the environment.
import { homedir } from "node:os";
import { join } from "node:path";

export const cacheDir = process.env.TAKOSUMI_CACHE_DIR || join(homedir(), ".cache/takosumi");
/** A compiler needs the caller's PATH, proxy and module proxy settings. */
export const inherited = process.env;
