import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { unknownSettingMessage, unknownSettings } from "@takosumi/contracts/instance/setting-names";
import { type Setting, settings } from "@takosumi/contracts/instance/settings";
import { Problem } from "@takosumi/start/lines";
import { z } from "zod";

/** What the launcher itself reads; everything else goes to the process that reads it, unseen. */
const Variables = z.object({
  /** Checked before anything starts. */
  PORT: z.coerce.number({ error: "is not a port" }).int().min(1, "must be 1 to 65535").max(65_535, "must be 1 to 65535").default(8787),
  HOST: z.string().default("127.0.0.1"),
  /** Without it an embedded database is started. */
  DATABASE_URL: z
    .string()
    .regex(/^postgres(?:ql)?:\/\//, "is not a URL that begins with postgres://")
    .optional(),
  TAKOSUMI_DATA_DIR: z.string().default(".takosumi"),
  /** What becomes the token in `<data directory>/auth`. */
  TAKOSUMI_BOOTSTRAP_TOKEN: z.string().startsWith("tak_pat_", "must begin with tak_pat_").optional(),
  TAKOSUMI_RUNNER_TOKEN: z.string().startsWith("tak_run_", "must begin with tak_run_").optional(),
  /** `off` leaves an empty instance empty. */
  TAKOSUMI_QUICKSTART: z.enum(["on", "off"], { error: "must be on or off" }).default("on"),
  /** Where the runner will look for its tool, so that the first lines can say what it will find. */
  TAKOSUMI_TOFU_BIN: z.string().optional(),
  TAKOSUMI_CACHE_DIR: z.string().optional(),
  /** How long the runner waits for its applies when it is stopped; we wait a little longer. */
  TAKOSUMI_STOP_GRACE_SECONDS: z.coerce.number({ error: "is not a number" }).int().min(1).max(3_600).default(8),
  PATH: z.string().default("/usr/local/bin:/usr/bin:/bin"),
  HOME: z.string().default("/"),
});

/** Secrets that the launcher looks at, and that may be given as a file. */
const fromFiles = ["DATABASE_URL", "TAKOSUMI_BOOTSTRAP_TOKEN", "TAKOSUMI_RUNNER_TOKEN"] as const;

export interface Launch {
  readonly port: number;
  readonly host: string;
  /** Where this machine reaches the api. */
  readonly url: string;
  /** Null: the embedded one. */
  readonly databaseUrl: string | null;
  /** Absolute. */
  readonly dataDir: string;
  readonly bootstrapToken: string | null;
  readonly runnerToken: string | null;
  readonly quickstart: boolean;
  readonly tofuBin: string | undefined;
  readonly cacheDir: string;
  readonly path: string;
  readonly stopGraceMs: number;
  /** The environment of a child: what every program needs, and the settings that this one reads. */
  childEnv(reader: "api" | "runner"): Record<string, string>;
}

/** Reads the environment once. Throws a Problem that names every variable that is wrong, and no value. */
export function readLaunch(source: Readonly<Record<string, string | undefined>> = process.env): Launch {
  const wrong = unknownSettings(Object.keys(source)).map(unknownSettingMessage);
  // An empty variable is an unset one: compose files write `NAME=`.
  const given: Record<string, string> = {};
  for (const [name, value] of Object.entries(source)) if (value?.trim()) given[name] = value.trim();
  const read = { ...given };
  for (const name of fromFiles) {
    const path = given[`${name}_FILE`];
    if (path === undefined) continue;
    if (given[name] !== undefined) wrong.push(`${name} and ${name}_FILE are both set: keep one`);
    else Object.assign(read, contents(name, path, wrong));
  }
  const parsed = Variables.safeParse(read);
  wrong.push(...(parsed.error?.issues.map(({ path, message }) => `${path.join(".")} ${message}`) ?? []));
  if (!parsed.success || wrong.length > 0) throw new Problem(wrong.join("\n"), "see the settings in README.md");
  const env = parsed.data;
  return {
    port: env.PORT,
    host: env.HOST,
    url: `http://${reachable(env.HOST)}:${env.PORT}`,
    databaseUrl: env.DATABASE_URL ?? null,
    dataDir: resolve(env.TAKOSUMI_DATA_DIR),
    bootstrapToken: env.TAKOSUMI_BOOTSTRAP_TOKEN ?? null,
    runnerToken: env.TAKOSUMI_RUNNER_TOKEN ?? null,
    quickstart: env.TAKOSUMI_QUICKSTART === "on",
    tofuBin: env.TAKOSUMI_TOFU_BIN,
    cacheDir: env.TAKOSUMI_CACHE_DIR ?? resolve(env.HOME, ".cache/takosumi"),
    path: env.PATH,
    stopGraceMs: env.TAKOSUMI_STOP_GRACE_SECONDS * 1000,
    childEnv: (reader) => passedOn(given, reader),
  };
}

const reachable = (host: string): string => {
  if (host === "0.0.0.0" || host === "::") return "127.0.0.1";
  return host.includes(":") ? `[${host}]` : host;
};

function contents(name: string, path: string, wrong: string[]): Record<string, string> {
  try {
    const text = readFileSync(path, "utf8").trim();
    if (text) return { [name]: text };
    wrong.push(`${name}_FILE: ${path} is empty`);
  } catch (error) {
    wrong.push(`${name}_FILE: ${path} cannot be read (${(error as NodeJS.ErrnoException).code ?? "error"})`);
  }
  return {};
}

/** What programs expect of any environment: where they are, who runs them, how they reach the network. */
const everybodys =
  /^(PATH|HOME|USER|LOGNAME|SHELL|LANG|LC_.*|TZ|TMPDIR|XDG_.*|NODE_EXTRA_CA_CERTS|NODE_COMPILE_CACHE|SSL_CERT_(FILE|DIR)|OTEL_.*|(HTTPS?|NO|ALL)_PROXY)$/i;

function passedOn(given: Record<string, string>, reader: "api" | "runner"): Record<string, string> {
  const table: readonly Setting[] = settings;
  const names = new Set(table.filter(({ read_by }) => read_by.includes(reader)).flatMap(({ name }) => [name, `${name}_FILE`]));
  // The key service is the API's alone: no credential of it reaches a runner.
  const ofKms = (name: string) => reader === "api" && given.TAKOSUMI_KMS_KEY !== undefined && name.startsWith("AWS_");
  return Object.fromEntries(Object.entries(given).filter(([name]) => names.has(name) || everybodys.test(name) || ofKms(name)));
}
