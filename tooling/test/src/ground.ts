import { accessSync, constants } from "node:fs";
import { findTools } from "@takosumi/opentofu/find";
import { Problem, type Say } from "@takosumi/start/lines";
import { env } from "./env.ts";
import { root, run } from "./programs.ts";

const executable = (path: string): boolean => {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
};

/** Installs bubblewrap where that is ours to do: as root, with apt. Answers the text of the step; throws a Problem where there is none. */
export const sandbox = (say: Say): Promise<string> =>
  installed(say, "bubblewrap", "/usr/bin/bwrap", "no bubblewrap: tests of the sandbox are left out");

/** The same for psql, which a module of the tests manages a PostgreSQL with. */
export const psql = (say: Say): Promise<string> =>
  installed(say, "postgresql-client", "/usr/bin/psql", "no psql: the test of a managed PostgreSQL is left out");

/** Sources in git are tested against git's own servers: over http, and over ssh with an sshd that is started for the test. */
export const sshd = (say: Say): Promise<string> =>
  installed(say, "openssh-server", "/usr/sbin/sshd", "no sshd: tests of git over ssh are left out");

/** Pages are tested in the browser that people use them in. */
export const chromium = (say: Say): Promise<string> =>
  installed(say, "chromium", "/usr/bin/chromium", "no chromium: tests of pages in a browser are left out");

async function installed(say: Say, name: string, program: string, missing: string): Promise<string> {
  if (executable(program)) return name;
  if (process.getuid?.() !== 0 || !executable("/usr/bin/apt-get")) throw new Problem(missing, `install ${name}`);
  say(`installing ${name}`);
  const quiet = { env: { DEBIAN_FRONTEND: "noninteractive" } };
  const install = () => run("apt-get", ["install", "-y", "--no-install-recommends", name], quiet);
  const { code } = await install();
  if (code !== 0) {
    await run("apt-get", ["update"], quiet);
    await install();
  }
  if (executable(program)) return `${name}, installed now`;
  throw new Problem(missing, `apt-get install ${name} failed: install it by hand`);
}

export interface TofuFound {
  /** What vitest is told; empty where the cache has the pinned tofu. */
  readonly testEnv: Readonly<Record<string, string>>;
  readonly text: string;
}

/** Brings the pinned OpenTofu into the cache; where that cannot be done, takes a tofu that this machine has. */
export async function openTofu(say: Say): Promise<TofuFound> {
  if (env.TAKOSUMI_TEST_TOFU) return { testEnv: {}, text: `TAKOSUMI_TEST_TOFU=${env.TAKOSUMI_TEST_TOFU}` };
  const { code, output } = await run(process.execPath, [`${root}/tooling/tofu/install.mjs`], { onLine: (line) => said(line, say) });
  const last = output.trim().split("\n").at(-1) ?? "";
  if (code === 0) return { testEnv: {}, text: last.replace(/^tofu: /, "").replace(/: .*/, "") };
  const found = (await findTools({ tofuBin: env.TAKOSUMI_TOFU_BIN, cacheDir: env.TAKOSUMI_CACHE_DIR, path: env.PATH })).find(
    ({ name }) => name === "opentofu",
  );
  if (found) return { testEnv: { TAKOSUMI_TEST_TOFU: found.path }, text: `OpenTofu ${found.version} of this machine` };
  throw new Problem(`no tofu: what runs it is left out\n${last}`, "install Go or tofu");
}

/** Builds the providers time, local, external and probe into the cache's mirror. */
export async function providers(say: Say): Promise<string> {
  const { code, output } = await run(process.execPath, [`${root}/tooling/tofu/providers.mjs`], { onLine: (line) => said(line, say) });
  const last = (output.trim().split("\n").at(-1) ?? "").replace(/^tofu: /, "");
  if (code === 0) return "time, local, external, probe";
  throw new Problem(`no providers: what uses them is left out\n${last}`, "install Go");
}

const said = (line: string, say: Say) => {
  if (line.startsWith("tofu: ")) say(line.slice("tofu: ".length));
};
