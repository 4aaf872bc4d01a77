import { z } from "zod";

const denied = new Set(
  `ALL_PROXY GIT_ASKPASS HOME HOSTNAME HTTP_PROXY HTTPS_PROXY LOGNAME NO_PROXY OLDPWD PATH PWD SHELL SSH_AUTH_SOCK SSL_CERT_DIR
   SSL_CERT_FILE TEMP TMP TMPDIR USER CHECKPOINT_DISABLE GOGC GOMEMLIMIT GODEBUG ENV BASH_ENV IFS`.split(/\s+/),
);
export const deniedPrefixes = ["BUN_", "DYLD_", "LD_", "NODE_", "NPM_", "OPENTOFU_", "TAKOSUMI_", "TF_"];

/** Whether a user may set this environment variable: nothing that changes how tofu, its loader or its network is run. */
export const mayInject = (name: string): boolean =>
  /^[A-Z_][A-Z0-9_]{0,127}$/.test(name) && !denied.has(name) && !deniedPrefixes.some((prefix) => name.startsWith(prefix));

export const EnvName = z
  .string()
  .regex(/^[A-Z_][A-Z0-9_]{0,127}$/, "is not an environment variable: upper-case letters, digits and _, at most 128")
  .refine(mayInject, { error: ({ input }) => `${input} may not be set: it changes how the tool itself is run` });
