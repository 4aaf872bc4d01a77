import { accessSync, constants } from "node:fs";
import { join } from "node:path";
import { env } from "./env.ts";

export const tofuVersion = "1.12.6";

const usable = (path: string, mode: number): string | null => {
  try {
    accessSync(path, mode);
    return path;
  } catch {
    return null;
  }
};

const onPath = (name: string): string | null =>
  env.PATH.split(":")
    .map((directory) => usable(join(directory, name), constants.X_OK))
    .find((found) => found !== null) ?? null;

/** The tools that tests run, each null where this machine has none; suites that need one say that they were left out. */
export const tools = {
  tofu: usable(env.TAKOSUMI_TEST_TOFU ?? join(env.TAKOSUMI_CACHE_DIR, "tools/opentofu", tofuVersion, "tofu"), constants.X_OK),
  terraform: onPath("terraform"),
  psql: onPath("psql"),
  git: onPath("git"),
  openssl: onPath("openssl"),
  /** Debian's, where `npm test` put it; its client comes with it. */
  sshd: usable("/usr/sbin/sshd", constants.X_OK),
  /** Debian's, where `npm test` put it. */
  chromium: usable("/usr/bin/chromium", constants.X_OK),
  /** A filesystem mirror with the providers time, local, external and probe. */
  mirror: usable(join(env.TAKOSUMI_CACHE_DIR, "mirror"), constants.R_OK | constants.X_OK),
} as const;
