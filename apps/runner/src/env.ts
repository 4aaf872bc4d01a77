import { readFileSync } from "node:fs";
import { hostname } from "node:os";
import { join, resolve } from "node:path";
import { unknownSettingMessage, unknownSettings } from "@takosumi/contracts/instance/setting-names";
import { ownAuthorities } from "@takosumi/reach/authorities";
import { PrivateHosts } from "@takosumi/reach/private-hosts";
import { z } from "zod";
import type { OutputLimits } from "./events/output.ts";

const MiB = 1024 * 1024;
const whole = (fallback: number, min: number, max: number) => z.coerce.number().int().min(min).max(max).default(fallback);
/** An empty variable is an unset one: compose files and units write `NAME=`. */
const text = z
  .string()
  .transform((value) => value.trim() || undefined)
  .optional();

/** Every variable that the runner reads, and why. */
export const RunnerEnv = z.object({
  /** Address of the api. */
  TAKOSUMI_URL: z.url({ protocol: /^https?$/ }).default("http://127.0.0.1:8787"),
  /** The runner's credential; the file is what `npm start` mints. */
  TAKOSUMI_RUNNER_TOKEN: text,
  TAKOSUMI_RUNNER_TOKEN_FILE: text,
  /** Data of this installation; the runner's own directory and the token file lie in it unless said otherwise. */
  TAKOSUMI_DATA_DIR: z.string().min(1).default(".takosumi"),
  /** Work directories, source cache, instance id. Without bubblewrap it must be the same path on every runner. */
  TAKOSUMI_RUNNER_DIR: text,
  /** Runs at once. */
  TAKOSUMI_RUNNER_SLOTS: whole(2, 1, 256),
  /** What people see in `GET /runners`. */
  TAKOSUMI_RUNNER_NAME: text,
  /** The tool to use before any other. */
  TAKOSUMI_TOFU_BIN: text,
  /** Where installed tools are kept. */
  TAKOSUMI_CACHE_DIR: text,
  /** Providers are installed from this directory; other registries are not asked for what it holds. */
  TAKOSUMI_PROVIDER_MIRROR: text,
  /** `require` refuses to start without bubblewrap. */
  TAKOSUMI_SANDBOX: z.enum(["auto", "require", "none"]).default("auto"),
  /** `none` gives module code no network at all: providers with an API cannot work then. */
  TAKOSUMI_SANDBOX_NETWORK: z.enum(["shared", "none"]).default("shared"),
  TAKOSUMI_LOG_LEVEL: z.enum(["fatal", "error", "warn", "info", "debug", "trace", "silent"]).default("info"),
  /** Seconds between the interrupt of a cancelled Run and the end of its processes; the second one holds when the runner stops. */
  TAKOSUMI_CANCEL_GRACE_SECONDS: whole(30, 1, 3600),
  TAKOSUMI_STOP_GRACE_SECONDS: whole(8, 1, 3600),
  /** Bytes of output that the log of a Run takes, and of output and events with which it ends with OUTPUT_LIMIT. */
  TAKOSUMI_RUN_OUTPUT_BYTES: whole(64 * MiB, 4096, 4096 * MiB),
  TAKOSUMI_RUN_OUTPUT_STOP_BYTES: whole(1536 * MiB, 4096, Number.MAX_SAFE_INTEGER),
  /** Limits of one Run's processes; 0 is unlimited. */
  TAKOSUMI_RUN_FILE_BYTES: whole(2048 * MiB, 0, Number.MAX_SAFE_INTEGER),
  TAKOSUMI_RUN_PROCESSES: whole(4096, 0, 1_000_000),
  TAKOSUMI_RUN_MEMORY_BYTES: whole(0, 0, Number.MAX_SAFE_INTEGER),
  TAKOSUMI_RUN_CPU_SECONDS: whole(0, 0, 10_000_000),
  TAKOSUMI_RUN_DISK_BYTES: whole(10 * 1024 * MiB, 0, Number.MAX_SAFE_INTEGER),
  /** Bytes of sources that are kept to save downloads. */
  TAKOSUMI_SOURCE_CACHE_BYTES: whole(1024 * MiB, 0, Number.MAX_SAFE_INTEGER),
  /** Addresses and hosts that git sources may reach although they are not public; repositories of this machine that they may be. */
  TAKOSUMI_GIT_PRIVATE_HOSTS: z.string().default(""),
  TAKOSUMI_GIT_FILE_ROOTS: z.string().default(""),
  /** Certificate authorities that are trusted beside the machine's. */
  TAKOSUMI_CA_CERTIFICATES: text,
  /** Host keys that are pinned for every Capsule. */
  TAKOSUMI_SSH_KNOWN_HOSTS: text,
  /** Bounds of one fetch. */
  TAKOSUMI_GIT_SECONDS: whole(300, 1, 24 * 3600),
  TAKOSUMI_GIT_BYTES: whole(256 * MiB, 4096, 256 * MiB),
  /** Planned work directories that wait for their apply: how many, and for how long. */
  TAKOSUMI_WORK_DIRS: whole(64, 0, 10_000),
  TAKOSUMI_WORK_HOURS: whole(36, 1, 24 * 365),
  /** Where the tools are looked for, and whose home the cache is in. */
  PATH: z.string().default("/usr/local/bin:/usr/bin:/bin"),
  HOME: z.string().default("/"),
});

export type Settings = {
  readonly url: string;
  readonly token: string;
  /** Absolute; 0700. */
  readonly dir: string;
  readonly slots: number;
  readonly name: string;
  readonly tofuBin: string | undefined;
  readonly cacheDir: string;
  readonly providerMirror: string | undefined;
  readonly sandbox: "auto" | "require" | "none";
  readonly network: "shared" | "none";
  readonly logLevel: string;
  readonly cancelGraceMs: number;
  readonly stopGraceMs: number;
  readonly output: OutputLimits;
  readonly limits: { readonly fileSize: number | null; readonly processes: number | null; readonly memory: number | null };
  /** What is looked at while a Run goes on: seconds of CPU time, and bytes below its directory. */
  readonly watched: { readonly cpuSeconds: number | null; readonly diskBytes: number | null };
  readonly sourceCacheBytes: number;
  /** Certificate authorities of the operator's own, as PEM. */
  readonly authorities: readonly string[];
  readonly git: {
    readonly privateHosts: PrivateHosts;
    /** Absolute. */
    readonly fileRoots: readonly string[];
    /** Path of a known_hosts file. */
    readonly knownHosts: string | undefined;
    readonly timeoutMs: number;
    readonly bytes: number;
  };
  readonly workDirs: number;
  readonly workMs: number;
  readonly path: string;
};

/** Reads the environment once. Throws an Error that names the variable. */
export function readSettings(env: NodeJS.ProcessEnv = process.env): Settings {
  const unknown = unknownSettings(Object.keys(env));
  if (unknown.length > 0) throw new Error(unknown.map(unknownSettingMessage).join("\n"));
  const parsed = RunnerEnv.safeParse(env);
  if (!parsed.success) throw new Error(parsed.error.issues.map(({ path, message }) => `${path.join(".")}: ${message}`).join("\n"));
  const given = parsed.data;
  const dir = resolve(given.TAKOSUMI_RUNNER_DIR ?? join(given.TAKOSUMI_DATA_DIR, "runner"));
  return {
    url: given.TAKOSUMI_URL.replace(/\/+$/, ""),
    token: token(given.TAKOSUMI_RUNNER_TOKEN, given.TAKOSUMI_RUNNER_TOKEN_FILE),
    dir,
    slots: given.TAKOSUMI_RUNNER_SLOTS,
    name: given.TAKOSUMI_RUNNER_NAME ?? hostname().slice(0, 100),
    tofuBin: given.TAKOSUMI_TOFU_BIN,
    cacheDir: given.TAKOSUMI_CACHE_DIR ?? join(given.HOME, ".cache/takosumi"),
    providerMirror: given.TAKOSUMI_PROVIDER_MIRROR && resolve(given.TAKOSUMI_PROVIDER_MIRROR),
    sandbox: given.TAKOSUMI_SANDBOX,
    network: given.TAKOSUMI_SANDBOX_NETWORK,
    logLevel: given.TAKOSUMI_LOG_LEVEL,
    cancelGraceMs: given.TAKOSUMI_CANCEL_GRACE_SECONDS * 1000,
    stopGraceMs: given.TAKOSUMI_STOP_GRACE_SECONDS * 1000,
    output: {
      logBytes: given.TAKOSUMI_RUN_OUTPUT_BYTES,
      // Below the largest file, at which the kernel would kill an apply in the middle.
      allBytes: Math.min(
        given.TAKOSUMI_RUN_OUTPUT_STOP_BYTES,
        Math.floor((given.TAKOSUMI_RUN_FILE_BYTES || Number.MAX_SAFE_INTEGER) * 0.75),
      ),
    },
    limits: {
      fileSize: given.TAKOSUMI_RUN_FILE_BYTES || null,
      processes: given.TAKOSUMI_RUN_PROCESSES || null,
      memory: given.TAKOSUMI_RUN_MEMORY_BYTES || null,
    },
    watched: { cpuSeconds: given.TAKOSUMI_RUN_CPU_SECONDS || null, diskBytes: given.TAKOSUMI_RUN_DISK_BYTES || null },
    sourceCacheBytes: given.TAKOSUMI_SOURCE_CACHE_BYTES,
    authorities: authorities(given.TAKOSUMI_CA_CERTIFICATES),
    git: {
      privateHosts: privateHosts(given.TAKOSUMI_GIT_PRIVATE_HOSTS),
      fileRoots: given.TAKOSUMI_GIT_FILE_ROOTS.split(":")
        .filter(Boolean)
        .map((root) => resolve(root)),
      knownHosts: given.TAKOSUMI_SSH_KNOWN_HOSTS && resolve(given.TAKOSUMI_SSH_KNOWN_HOSTS),
      timeoutMs: given.TAKOSUMI_GIT_SECONDS * 1000,
      bytes: given.TAKOSUMI_GIT_BYTES,
    },
    workDirs: given.TAKOSUMI_WORK_DIRS,
    workMs: given.TAKOSUMI_WORK_HOURS * 3_600_000,
    path: given.PATH,
  };
}

function authorities(path: string | undefined): readonly string[] {
  if (path === undefined) return [];
  try {
    return ownAuthorities(path);
  } catch (error) {
    throw new Error(`TAKOSUMI_CA_CERTIFICATES: ${(error as Error).message}`, { cause: error });
  }
}

function privateHosts(text: string): PrivateHosts {
  try {
    return new PrivateHosts(text);
  } catch (error) {
    throw new Error(`TAKOSUMI_GIT_PRIVATE_HOSTS: ${(error as Error).message}`, { cause: error });
  }
}

function token(value: string | undefined, file: string | undefined): string {
  if (value) return value;
  if (!file) throw new Error("TAKOSUMI_RUNNER_TOKEN or TAKOSUMI_RUNNER_TOKEN_FILE must be set: the runner's token comes from the api");
  const read = readFileSync(file, "utf8").trim();
  if (!read) throw new Error(`TAKOSUMI_RUNNER_TOKEN_FILE: ${file} is empty`);
  return read;
}
