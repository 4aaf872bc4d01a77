import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { chmod, chown, cp, lstat, mkdir, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { userInfo } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import type { Binaries } from "./binaries.ts";
import { EmbeddedError } from "./embedded-error.ts";

const run = promisify(execFile);
/** For finding unshare and setpriv; nothing of our own environment reaches PostgreSQL. */
export const bareEnv = { PATH: "/usr/sbin:/usr/bin:/sbin:/bin", LC_ALL: "C", TZ: "UTC" };
const nobody = 65_534;

/** PostgreSQL refuses uid 0. How it runs as somebody else, and where its files then are. */
export interface Account {
  /** What stands before the program. */
  readonly prefix: readonly string[];
  readonly binaries: Binaries;
  /** Holds `data` and the socket. */
  readonly place: string;
  /** Gives a file or directory, with all inside, to whom PostgreSQL runs as. */
  give(path: string): Promise<void>;
}

const inPlace = async () => {};
const inNamespace = ["unshare", "--user", `--map-user=${nobody}`, `--map-group=${nobody}`, "--"];
const asNobody = ["setpriv", `--reuid=${nobody}`, `--regid=${nobody}`, "--clear-groups", "--no-new-privs", "--"];

/**
 * Not root: as it is, or under the name nobody where the uid has none. Root: in a user namespace where uid 0 is called nobody, so that everything stays where it is, below a home that only
 * root reads. Where namespaces are refused: as nobody, with programs and data copied below `sharedDir`, which nobody reaches; a file
 * remembers that for later starts.
 */
export async function accountFor(binaries: Binaries, home: string, sharedDir: string, how: "auto" | "setpriv" = "auto"): Promise<Account> {
  if (process.getuid?.() !== 0) return { prefix: hasName() ? [] : await namedByNamespace(), binaries, place: home, give: inPlace };
  const remembered = await readFile(join(home, "moved-to"), "utf8").catch(() => null);
  if (remembered === null && how === "auto" && (await runs(inNamespace)))
    return { prefix: inNamespace, binaries, place: home, give: inPlace };
  if (!(await runs(asNobody)))
    throw new EmbeddedError(
      "PostgreSQL does not run as root, and neither unshare nor setpriv works here: run Takosumi as an ordinary user, or set DATABASE_URL",
    );
  const place = remembered ?? join(sharedDir, `postgres-${createHash("sha256").update(home).digest("hex").slice(0, 12)}`);
  await makeReachable(sharedDir);
  await mkdir(place, { recursive: true });
  await give(place);
  await chmod(place, 0o700);
  const copied = await copyBinaries(binaries, sharedDir);
  if (remembered === null) await moveData(home, place);
  return { prefix: asNobody, binaries: copied, place, give };
}

/** PostgreSQL asks for the name of its uid; containers give uids that have none. */
function hasName(): boolean {
  try {
    return userInfo().username !== "";
  } catch {
    return false;
  }
}

async function namedByNamespace(): Promise<readonly string[]> {
  if (await runs(inNamespace)) return inNamespace;
  throw new EmbeddedError(
    `PostgreSQL needs a user with a name, uid ${process.getuid?.()} has none, and user namespaces are refused here: add the uid to /etc/passwd, or set DATABASE_URL`,
  );
}

const runs = (prefix: readonly string[]): Promise<boolean> =>
  run(prefix[0] as string, [...prefix.slice(1), "true"], { env: bareEnv, timeout: 10_000 }).then(
    () => true,
    () => false,
  );

async function makeReachable(sharedDir: string): Promise<void> {
  await mkdir(sharedDir, { recursive: true });
  await chmod(sharedDir, 0o755);
  const reaches = await run("setpriv", [...asNobody.slice(1), "test", "-x", sharedDir], { env: bareEnv, timeout: 10_000 }).then(
    () => true,
    () => false,
  );
  if (!reaches)
    throw new EmbeddedError(
      `PostgreSQL must run as nobody here, who does not reach ${sharedDir}: set DATABASE_URL, or run Takosumi as an ordinary user`,
    );
}

async function copyBinaries(binaries: Binaries, sharedDir: string): Promise<Binaries> {
  const root = join(sharedDir, `programs-${binaries.major}-${createHash("sha256").update(binaries.root).digest("hex").slice(0, 8)}`);
  if (!(await lstat(root).catch(() => null))) {
    const fresh = `${root}.${process.pid}.new`;
    await cp(binaries.root, fresh, { recursive: true, verbatimSymlinks: true });
    await chmod(fresh, 0o755);
    await rename(fresh, root).catch(() => rm(fresh, { recursive: true, force: true }));
  }
  return { ...binaries, root };
}

/** Data made by an earlier start that did not need to move comes along; then the way back is closed. */
async function moveData(home: string, place: string): Promise<void> {
  const data = join(home, "data");
  if (await lstat(data).catch(() => null)) {
    await rm(join(place, "data.new"), { recursive: true, force: true });
    await cp(data, join(place, "data.new"), { recursive: true, preserveTimestamps: true });
    await give(join(place, "data.new"));
    await rename(join(place, "data.new"), join(place, "data"));
  }
  await writeFile(join(home, "moved-to.new"), place, { mode: 0o600 });
  await rename(join(home, "moved-to.new"), join(home, "moved-to"));
}

async function give(path: string): Promise<void> {
  const found = await lstat(path);
  await chown(path, nobody, nobody);
  if (found.isDirectory()) for (const name of await readdir(path)) await give(join(path, name));
}
