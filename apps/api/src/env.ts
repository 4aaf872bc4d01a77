import { readFileSync } from "node:fs";
import { isIP } from "node:net";
import { resolve } from "node:path";
import { contexts, type Surface } from "@takosumi/contracts/contexts";
import { unknownSettingMessage, unknownSettings } from "@takosumi/contracts/instance/setting-names";
import { StartError } from "@takosumi/contracts/instance/start-errors";
import { ownAuthorities } from "@takosumi/reach/authorities";
import { PrivateHosts } from "@takosumi/reach/private-hosts";
import { z } from "zod";
import { isOrigin } from "./instance/web.ts";

const whole = (fallback: number, least: number, most: number) =>
  z
    .string()
    .regex(/^\d{1,12}$/, "is not a whole number")
    .transform(Number)
    .pipe(z.number().min(least).max(most))
    .prefault(String(fallback));
const absoluteUrl = z.url({ protocol: /^https?$/, error: "is not a URL that begins with http:// or https://" });
/** "10.0.0.0/8", "::1" */
const isAddressOrRange = (text: string): boolean => {
  const [address = "", bits, ...rest] = text.split("/");
  const version = isIP(address);
  return (
    version !== 0 && rest.length === 0 && (bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= (version === 4 ? 32 : 128)))
  );
};
const isSmtpUrl = (text: string): boolean => {
  try {
    const { protocol, hostname, username, password } = new URL(text);
    return /^smtps?:$/.test(protocol) && hostname !== "" && decodeURIComponent(username + password).isWellFormed();
  } catch {
    return false;
  }
};
const surfaces: readonly string[] = [...new Set(Object.values(contexts).map(({ surface }) => surface))];

/** Every variable that the api reads, and why. What people read about them is `contracts/instance/settings`. */
const Variables = z.object({
  /** Where it listens; 0 takes any free port, for tests. */
  PORT: whole(8787, 0, 65_535),
  HOST: z.string().prefault("127.0.0.1"),
  /** Everything that is not a blob. */
  DATABASE_URL: z
    .string({ error: "is not set: npm start brings a database of its own; else give the URL of a PostgreSQL" })
    .regex(/^postgres(?:ql)?:\/\//, "is not a URL that begins with postgres://"),
  /** Blobs and, unless it is given, the master key. */
  TAKOSUMI_DATA_DIR: z
    .string()
    .prefault(".takosumi")
    .transform((path) => resolve(path)),
  /** What people and runners call this instance. */
  TAKOSUMI_PUBLIC_URL: absoluteUrl.optional(),
  /** Wraps the data keys; its file is only read by the keyring, which insists on 0600. */
  TAKOSUMI_MASTER_KEY: z.string().optional(),
  TAKOSUMI_MASTER_KEY_FILE: z.string().optional(),
  /** A key management service wraps them instead. */
  TAKOSUMI_KMS_KEY: z
    .string()
    .regex(/^[A-Za-z0-9_:/-]{1,256}$/, "is not the id or ARN of a key")
    .optional(),
  /** The first owner's token, so that automation needs no browser. */
  TAKOSUMI_BOOTSTRAP_TOKEN: z
    .string()
    .regex(/^tak_pat_[A-Za-z0-9_-]{20,200}$/, "must be tak_pat_ and 20 or more of A-Z a-z 0-9 _ -")
    .optional(),
  /** The token of the default pool, which `npm start` gives to its runner as well. */
  TAKOSUMI_RUNNER_TOKEN: z
    .string()
    .regex(/^tak_run_[A-Za-z0-9_-]{20,200}$/, "must be tak_run_ and 20 or more of A-Z a-z 0-9 _ -")
    .optional(),
  /** Surfaces to add to those that are on; one that is off is 404 and undocumented. */
  TAKOSUMI_SURFACES: z
    .string()
    .prefault("")
    .transform((text) =>
      text
        .split(",")
        .map((name) => name.trim())
        .filter(Boolean),
    )
    .refine((names) => names.every((name) => surfaces.includes(name)), { error: `may name ${surfaces.join(", ")}` })
    .transform((names) => new Set(names as Surface[])),
  /** Protects everybody else from one caller. */
  TAKOSUMI_RATE_LIMIT: whole(6_000, 1, 10_000_000),
  /** Protects tokens from being guessed. */
  TAKOSUMI_ADDRESS_RATE_LIMIT: whole(600, 1, 10_000_000),
  /** Protects passwords and codes from being guessed. */
  TAKOSUMI_SIGN_IN_RATE_LIMIT: whole(30, 1, 10_000_000),
  TAKOSUMI_TOKEN_RATE_LIMIT: whole(60, 1, 10_000_000),
  TAKOSUMI_USER_CODE_RATE_LIMIT: whole(10, 1, 10_000_000),
  TAKOSUMI_CLIENT_FAILURE_RATE_LIMIT: whole(30, 1, 10_000_000),
  /** Pages elsewhere that may read our answers, beside those of registered apps. */
  TAKOSUMI_BROWSER_ORIGINS: z
    .string()
    .prefault("")
    .transform((text) =>
      text
        .split(",")
        .map((origin) => origin.trim())
        .filter(Boolean),
    )
    .refine((origins) => origins.every(isOrigin), { error: "may hold origins such as https://app.example.com, separated by commas" }),
  /** What is kept for a while although nobody may ever come back for it. */
  TAKOSUMI_DEVICE_CODE_RATE_LIMIT: whole(30, 1, 10_000_000),
  TAKOSUMI_REGISTRATION_RATE_LIMIT: whole(20, 1, 10_000_000),
  /** Open streams cost memory: of one principal, and of a reader that takes nothing. */
  TAKOSUMI_STREAMS: whole(100, 1, 100_000),
  TAKOSUMI_STREAM_STALL_SECONDS: whole(60, 1, 3_600),
  /** Whose X-Forwarded-For names the caller, for limits and audit; everybody else's would be a lie. */
  TAKOSUMI_TRUSTED_PROXIES: z
    .string()
    .prefault("")
    .transform((text) =>
      text
        .split(",")
        .map((address) => address.trim())
        .filter(Boolean),
    )
    .refine((addresses) => addresses.every(isAddressOrRange), {
      error: "may hold IP addresses and ranges such as 10.0.0.0/8, separated by commas",
    }),
  TAKOSUMI_LOG_LEVEL: z.enum(["fatal", "error", "warn", "info", "debug", "trace", "silent"]).prefault("info"),
  /** When a Run counts as lost; tests make it short. */
  TAKOSUMI_LEASE_SECONDS: whole(30, 1, 3_600),
  TAKOSUMI_LEASE_RENEW_SECONDS: whole(10, 1, 3_600),
  TAKOSUMI_LEASE_GRACE_SECONDS: whole(10, 0, 3_600),
  /** All replicas together must stay below the server's max_connections. */
  TAKOSUMI_DATABASE_POOL: whole(20, 2, 1_000),
  TAKOSUMI_DATABASE_WAIT_SECONDS: whole(10, 1, 600),
  /** Single sign-on: none without a client. */
  TAKOSUMI_OIDC_CLIENT_ID: z.string().max(500).optional(),
  TAKOSUMI_OIDC_CLIENT_SECRET: z.string().max(1_000).optional(),
  TAKOSUMI_OIDC_ISSUER: absoluteUrl.prefault("https://accounts.google.com"),
  /** An identity that nobody knows is an account, or is not. */
  TAKOSUMI_SIGNUP: z
    .string()
    .prefault("invited")
    .transform((text) =>
      text
        .toLowerCase()
        .split(",")
        .map((one) => one.trim())
        .filter(Boolean),
    )
    .refine(
      (words) => words.length > 0 && words.every((one) => one === "invited" || one === "open" || /^[a-z0-9-]+(?:\.[a-z0-9-]+)+$/.test(one)),
      {
        error: "is invited, open, or domains such as example.com, separated by commas",
      },
    ),
  /** What people may begin with, other than what comes with the product. */
  TAKOSUMI_SEED_REPOSITORIES: z.string().optional(),
  /** AWS is not everywhere reached at its own address; tests have an STS of their own. */
  TAKOSUMI_AWS_STS_ENDPOINT: absoluteUrl.optional(),
  /** Logs grow without an end otherwise. */
  TAKOSUMI_LOG_DAYS: whole(0, 0, 36_500),
  /** Where users may have us send things although it is inside. */
  TAKOSUMI_WEBHOOK_PRIVATE_HOSTS: z
    .string()
    .prefault("")
    .transform((text, { addIssue }) => {
      try {
        return new PrivateHosts(text);
      } catch (error) {
        addIssue({ code: "custom", message: (error as Error).message });
        return z.NEVER;
      }
    }),
  /** What is called inside is often signed by nobody that the world knows. */
  TAKOSUMI_CA_CERTIFICATES: z
    .string()
    .transform((path, { addIssue }) => {
      try {
        return ownAuthorities(path);
      } catch (error) {
        addIssue({ code: "custom", message: (error as Error).message });
        return z.NEVER;
      }
    })
    .optional(),
  /** Mail leaves by it; without one it stays in files. */
  TAKOSUMI_SMTP_URL: z.string().refine(isSmtpUrl, { error: "is not a URL that begins with smtp:// or smtps://" }).optional(),
  TAKOSUMI_MAIL_FROM: z
    .string()
    .regex(
      /^(?:[^<>\r\n]{1,100} <[^<>@\s]{1,64}@[^<>@\s]{1,190}>|[^<>@\s]{1,64}@[^<>@\s]{1,190})$/,
      "is not an address, nor Name <address>",
    )
    .optional(),
});
type Filled = "TAKOSUMI_PUBLIC_URL" | "TAKOSUMI_MAIL_FROM";
export type Env = Omit<z.output<typeof Variables>, Filled> & { readonly [Name in Filled]: string };

/** Secrets that may be given as the path of a file. The master key's file is the keyring's to read. */
const fromFiles = [
  "DATABASE_URL",
  "TAKOSUMI_OIDC_CLIENT_SECRET",
  "TAKOSUMI_BOOTSTRAP_TOKEN",
  "TAKOSUMI_RUNNER_TOKEN",
  "TAKOSUMI_SMTP_URL",
] as const;
const largestFile = 64 * 1024;

/** Reads the environment once. Throws a StartError that names every variable that is wrong, and no value. */
export function readEnv(source: Readonly<Record<string, string | undefined>> = process.env): Env {
  const wrong = unknownSettings(Object.keys(source)).map(unknownSettingMessage);
  // An empty variable is an unset one: compose files write `NAME=`.
  const given: Record<string, string> = {};
  for (const [name, value] of Object.entries(source)) if (value?.trim()) given[name] = value.trim();
  for (const name of [...fromFiles, "TAKOSUMI_MASTER_KEY" as const]) {
    const path = given[`${name}_FILE`];
    if (path === undefined) continue;
    if (given[name] !== undefined) wrong.push(`${name} and ${name}_FILE are both set: keep one`);
    else if (name !== "TAKOSUMI_MASTER_KEY") Object.assign(given, contents(name, path, wrong));
  }
  const parsed = Variables.safeParse(given);
  const named = parsed.error?.issues.map(({ path, message }) => `${path.join(".")} ${message}`) ?? [];
  if (!parsed.success || wrong.length > 0) throw new StartError("configuration", [...wrong, ...named].join("\n"));
  const env = parsed.data;
  if (env.TAKOSUMI_LEASE_RENEW_SECONDS >= env.TAKOSUMI_LEASE_SECONDS)
    throw new StartError("configuration", "TAKOSUMI_LEASE_RENEW_SECONDS must be less than TAKOSUMI_LEASE_SECONDS");
  const publicUrl = (env.TAKOSUMI_PUBLIC_URL ?? `http://${authority(env.HOST)}:${env.PORT}`).replace(/\/+$/, "");
  return {
    ...env,
    TAKOSUMI_PUBLIC_URL: publicUrl,
    TAKOSUMI_MAIL_FROM: env.TAKOSUMI_MAIL_FROM ?? `takosumi@${new URL(publicUrl).hostname}`,
  };
}

/** "::1" -> "[::1]" */
export const authority = (host: string): string => (host.includes(":") ? `[${host}]` : host);

function contents(name: string, path: string, wrong: string[]): Record<string, string> {
  try {
    const text = readFileSync(path, "utf8").trim();
    if (text && text.length <= largestFile) return { [name]: text };
    wrong.push(`${name}_FILE: ${path} ${text ? "is too large to be a secret" : "is empty"}`);
  } catch (error) {
    wrong.push(`${name}_FILE: ${path} cannot be read (${(error as NodeJS.ErrnoException).code ?? "error"})`);
  }
  return {};
}
