import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { chmod, mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { type Account, bareEnv } from "./account.ts";
import { EmbeddedError } from "./embedded-error.ts";

export const owner = "takosumi";

/** The password of the only role, in a file that only we read; made at the first start. */
export async function passwordIn(home: string): Promise<string> {
  const file = join(home, "password");
  const known = await readFile(file, "utf8").catch(() => null);
  if (known) return known;
  const password = randomBytes(32).toString("base64url");
  await writeFile(`${file}.new`, password, { mode: 0o600 });
  await rename(`${file}.new`, file);
  return password;
}

/** Makes the data directory where there is none. A start that was killed halfway leaves nothing that looks like one. */
export async function ensureCluster(
  { prefix, binaries, place, give }: Account,
  password: string,
  durable: boolean,
): Promise<{ readonly data: string; readonly made: boolean }> {
  const data = join(place, "data");
  const version = (await readFile(join(data, "PG_VERSION"), "utf8").catch(() => null))?.trim();
  if (version === binaries.major) return { data, made: false };
  if (version !== undefined)
    throw new EmbeddedError(
      `${data} was made by PostgreSQL ${version}, and this is PostgreSQL ${binaries.major}: dump it with the Takosumi that made it, or move it away to begin anew`,
    );
  const fresh = join(place, "data.new");
  const passwordFile = join(place, "password.initdb");
  await rm(fresh, { recursive: true, force: true });
  await mkdir(fresh, { mode: 0o700 });
  await chmod(fresh, 0o700);
  await give(fresh);
  await writeFile(passwordFile, password, { mode: 0o600 });
  await give(passwordFile);
  try {
    const [program = "", ...rest] = [
      ...prefix,
      join(binaries.root, "bin/initdb"),
      "-D",
      fresh,
      "-U",
      owner,
      `--pwfile=${passwordFile}`,
      ...initdb,
      ...(durable ? [] : ["--no-sync"]),
    ];
    await promisify(execFile)(program, rest, { env: bareEnv, cwd: place, timeout: 120_000 });
  } catch (cause) {
    const said = String((cause as { stderr?: string }).stderr ?? "")
      .trim()
      .split("\n")
      .slice(-3)
      .join("; ");
    throw new EmbeddedError(`PostgreSQL could not make its data directory ${data}: ${said || (cause as Error).message}`, { cause });
  } finally {
    await rm(passwordFile, { force: true });
  }
  await rename(fresh, data).catch((cause) => {
    throw new EmbeddedError(`${data} is in the way and is no data directory of PostgreSQL: move it away`, { cause });
  });
  return { data, made: true };
}

/** The collation comes with PostgreSQL, so that an index does not change with the system. Nobody gets in without the password. */
const initdb = [
  "--auth=scram-sha-256",
  "--encoding=UTF8",
  "--locale=C",
  "--locale-provider=builtin",
  "--builtin-locale=C.UTF-8",
  "--data-checksums",
  "--no-instructions",
];
