import { type Box, limitLines, type Walls } from "./sandbox.ts";
import { BWRAP } from "./sandbox-facts.ts";
import { quoted } from "./shell.ts";

/** A held tool reads its CLI configuration from a pipe, and waits there: its end comes with the release. */
export const HELD_CONFIG = "/dev/stdin";

type Line = { folder: string; cwd: string; argv: string[]; walls: Walls | null; box: Box; held: boolean; cgroups: string[] };

/**
 * The keeper of a held tool. It waits for the last line; where the one who would say it is gone, everything in this session dies
 * unused. `exit` appears, empty, when the phase begins, and holds the status when it has ended.
 */
const KEEPER = `{ IFS= read -r config || kill -9 0; : >exit; eval "printf %s $config"; }`;

/** What the detached shell does, as one line. */
export function phaseLine({ folder, cwd, argv, walls, box, held, cgroups }: Line): string {
  const { facts, limits } = box;
  const words = (list: string[]) => list.map(quoted).join(" ");
  const payload = walls
    ? `${BWRAP} --json-status-fd 3 --args 4 ${words([...walls.line, ...argv])} >stdout 2>stderr 4<&3 3>status`
    : `${words(argv)} >${quoted(folder)}/stdout 2>${quoted(folder)}/stderr 3<&-`;
  const there = walls ? "" : `cd ${quoted(cwd)} && `;
  // The payload opens the pipe anew, as its own user.
  const own = facts.setpriv ? `chown ${facts.uid} /proc/self/fd/0 && ` : "";
  const work = held ? `${KEEPER} | { ${own}${there}exec ${payload}; }` : `{ : >exit; ${there}${payload} </dev/null; }`;
  // Who cannot join its groups does not run unlimited.
  const joined = cgroups.map((dir) => `echo 0 >${quoted(dir)}/cgroup.procs && `).join("");
  // Of a sandbox the shell stays in its folder, wherever that is moved to.
  const exit = walls ? "exit" : `${quoted(folder)}/exit`;
  return `${limitLines(limits, facts)}; cd ${quoted(folder)} && { ${joined}${work}; echo $? >${exit}; }`;
}
