import { execFile } from "node:child_process";
import { access, constants } from "node:fs/promises";
import { promisify } from "node:util";
import { detectCgroups } from "./cgroups.ts";
import { rootFolders } from "./sandbox-root.ts";
import type { SandboxFacts } from "./types.ts";

const run = promisify(execFile);

/** The payload's user where this process is root: a number that owns nothing else on a usual machine. */
const PAYLOAD_UID = 64321;
export const BWRAP = "/usr/bin/bwrap";

/**
 * Tries the very line that phases use, as this user on this machine: a version number says nothing about whether user
 * namespaces are allowed. Costs some 10 ms; callers keep the answer.
 */
export async function detectSandbox(): Promise<SandboxFacts> {
  const root = process.getuid?.() === 0;
  const who = root ? { uid: PAYLOAD_UID, gid: PAYLOAD_UID } : { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 };
  const reason = await whyNot(root, who);
  const cgroups = detectCgroups();
  if (reason === null) return { kind: "bubblewrap", reason, setpriv: root, ...who, missing: [], cgroups };
  const own = { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 };
  const missing = ["files of this machine are not isolated", "processes are not isolated", "the network is not isolated"];
  if (root) missing.unshift("module code runs as root");
  return { kind: "none", reason, setpriv: false, ...own, missing, cgroups };
}

async function whyNot(root: boolean, who: { uid: number; gid: number }): Promise<string | null> {
  if (process.platform !== "linux") return "bubblewrap needs Linux";
  try {
    await access(BWRAP, constants.X_OK);
  } catch {
    return `bubblewrap is not installed (${BWRAP})`;
  }
  const argv = [...(await isolation(root)), "--proc", "/proc", "--dev", "/dev", ...(root ? dropTo(who) : []), "/bin/sh", "-c", "id -u"];
  try {
    const { stdout } = await run(BWRAP, argv, { env: { PATH: "/usr/bin:/bin" }, cwd: "/", timeout: 10_000, maxBuffer: 1 << 16 });
    return stdout.trim() === String(who.uid) ? null : `the payload ran as uid ${stdout.trim().slice(0, 20)}, not ${who.uid}`;
  } catch (cause) {
    const said = String((cause as { stderr?: string }).stderr ?? cause).trim();
    return `bubblewrap does not work here: ${said.slice(0, 200)}`;
  }
}

/**
 * Namespaces and a read-only root that holds nothing but programs. As root no user namespace is made, and of all
 * capabilities only those stay that setpriv needs to give them up; else a user namespace, which gives none on the host.
 */
export async function isolation(root: boolean): Promise<string[]> {
  const user = root
    ? ["--cap-drop", "ALL", "--cap-add", "CAP_SETUID", "--cap-add", "CAP_SETGID", "--cap-add", "CAP_SETPCAP"]
    : ["--unshare-user", "--disable-userns", "--cap-drop", "ALL"];
  const names = ["--unshare-ipc", "--unshare-pid", "--unshare-uts", "--unshare-cgroup-try", "--hostname", "run"];
  return [...user, ...names, "--new-session", "--die-with-parent", ...(await rootFolders())];
}

/** Becomes the payload's user for good: empty capability sets, and no program can give any back. */
export function dropTo({ uid, gid }: { uid: number; gid: number }): string[] {
  const ids = ["--reuid", String(uid), "--regid", String(gid), "--clear-groups"];
  return ["setpriv", ...ids, "--inh-caps=-all", "--bounding-set=-all", "--no-new-privs", "--"];
}
