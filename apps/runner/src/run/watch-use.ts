import { setTimeout as wait } from "node:timers/promises";
import { cpuSeconds } from "@takosumi/opentofu/processes";
import { treeSize } from "@takosumi/opentofu/tree-size";
import type { Phase } from "@takosumi/opentofu/types";
import type { Job } from "./job.ts";

const EVERY_MS = 1_000;
/** Looking takes at most this part of the time. */
const PART = 20;

/** Looks at what a phase uses until `over`, and ends the Run where it is more than it may. */
export async function watchUse(job: Job, phase: Phase, over: AbortSignal): Promise<void> {
  const { cpuSeconds: most, diskBytes } = job.site.settings.watched;
  if (most === null && diskBytes === null) return;
  for (let pause = EVERY_MS; !over.aborted; ) {
    await wait(pause, undefined, { signal: over }).catch(() => undefined);
    if (over.aborted) return;
    const began = performance.now();
    if (most !== null && job.usedCpu(phase.facts.name, cpuSeconds(phase.facts.pid)) > most)
      job.control.stop("cpu_limit", `The Run used more than ${most} s of CPU time. Make it do less, or raise TAKOSUMI_RUN_CPU_SECONDS.`);
    if (diskBytes !== null && (await treeSize(job.dir.root, diskBytes)) > diskBytes)
      job.control.stop("disk_limit", `The Run wrote more than ${diskBytes} bytes. Make it write less, or raise TAKOSUMI_RUN_DISK_BYTES.`);
    pause = Math.max(EVERY_MS, (performance.now() - began) * PART);
  }
}
