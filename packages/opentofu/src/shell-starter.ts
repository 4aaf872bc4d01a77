// A process of its own that makes shells, started by started-shell.ts: to make a process out of a runner costs tens of milliseconds, in
// which it answers nobody, and out of this small one two. It ends with the process that started it, and so do the shells that wait;
// those that were told what to do go on.
import { Shell } from "./shell.ts";
import type { Answered, Asked } from "./shell-messages.ts";

const shells = new Map<number, Shell>();
const answer = (message: Answered) => process.send?.(message);

function start(id: number, env: Record<string, string>): void {
  try {
    const shell = new Shell(env);
    shells.set(id, shell);
    answer({ id, pid: shell.pid, startTicks: shell.startTicks });
    void shell.exited.then(() => {
      shells.delete(id);
      answer({ id, ended: true });
    });
  } catch {
    answer({ id, failed: true });
  }
}

process.on("message", (asked: Asked) => {
  if ("start" in asked) return start(asked.id, asked.start);
  const shell = shells.get(asked.id);
  if ("tell" in asked) shell?.tell(asked.tell, asked.options, asked.more);
  else if ("answer" in asked) shell?.answer(asked.answer);
  else shell?.dismiss();
});
process.once("disconnect", () => {
  for (const shell of shells.values()) shell.abandon();
});
// A terminal's Ctrl-C is for the runner, which may still need its shells to hand its Runs back.
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => {});
