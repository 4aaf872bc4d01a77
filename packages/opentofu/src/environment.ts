import { TofuError } from "./errors.ts";
import type { SeenPaths } from "./types.ts";

const REFUSED = new Set(
  (
    "ALL_PROXY GIT_ASKPASS HOME HOSTNAME HTTP_PROXY HTTPS_PROXY LOGNAME NO_PROXY OLDPWD PATH PWD SHELL SSH_AUTH_SOCK " +
    "SSL_CERT_DIR SSL_CERT_FILE TEMP TMP TMPDIR USER BASH_ENV ENV IFS GOGC GOMEMLIMIT GODEBUG CHECKPOINT_DISABLE"
  ).split(" "),
);
const REFUSED_PREFIXES = ["BUN_", "DYLD_", "LD_", "NODE_", "NPM_", "OPENTOFU_", "TAKOSUMI_", "TF_"];
/** Rule 27: customer-held state encryption is the only name of the tool's own that a user may set. */
const ALLOWED = new Set(["TF_ENCRYPTION"]);

/** Why a user may not set this variable; null where they may. */
export function envNameProblem(name: string): string | null {
  if (!/^[A-Z_][A-Z0-9_]{0,127}$/.test(name))
    return "must be upper-case letters, digits and _, not beginning with a digit, at most 128 long";
  if (ALLOWED.has(name)) return null;
  const prefix = REFUSED_PREFIXES.find((start) => name.startsWith(start));
  if (prefix) return `names that begin with ${prefix} are reserved`;
  return REFUSED.has(name) ? "is set by Takosumi itself" : null;
}

/**
 * The whole environment of a phase, from empty. Never TF_LOG, TF_CLI_ARGS or TF_VAR_: variables go by file.
 * GOGC: a tool's run is short, and collecting is a quarter of its time. 800 measures like "off", without the standstill at a limit.
 * `trusted`: a file of all certificate authorities, where they are not this machine's alone: tofu, its providers and git read it.
 * Throws `bad_env_name` for a name that a user may not set, or a value with a NUL.
 */
export function phaseEnvironment({
  seen,
  injected = {},
  trusted = null,
}: {
  seen: SeenPaths;
  injected?: Record<string, string>;
  trusted?: string | null;
}): Record<string, string> {
  for (const [name, value] of Object.entries(injected)) {
    const problem = envNameProblem(name) ?? (value.includes("\0") ? "its value holds a NUL byte" : null);
    if (problem) throw new TofuError("bad_env_name", `Environment variable ${JSON.stringify(name.slice(0, 128))}: ${problem}.`);
  }
  return {
    ...injected,
    PATH: "/usr/local/bin:/usr/bin:/bin",
    HOME: seen.home,
    LANG: "C.UTF-8",
    TF_IN_AUTOMATION: "1",
    TF_INPUT: "0",
    CHECKPOINT_DISABLE: "1",
    TF_DATA_DIR: seen.data,
    TF_CLI_CONFIG_FILE: seen.cliConfig,
    GOGC: "800",
    GOMEMLIMIT: "2GiB",
    ...(trusted !== null && { SSL_CERT_FILE: trusted, GIT_SSL_CAINFO: trusted }),
  };
}
