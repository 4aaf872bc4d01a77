import { detectCgroups } from "@takosumi/opentofu/cgroups";
import { detectSandbox } from "@takosumi/opentofu/sandbox-facts";
import type { SandboxFacts } from "@takosumi/opentofu/types";
import type { Settings } from "./env.ts";

/** The isolation that Runs get here, and in `missing` what they do not get. Throws where it is required and not to be had. */
export async function sandboxFacts({ sandbox, limits, network }: Pick<Settings, "sandbox" | "limits" | "network">): Promise<SandboxFacts> {
  const facts = sandbox === "none" ? unboxed() : await detectSandbox();
  if (facts.kind === "none" && sandbox === "require") {
    throw new Error(
      `TAKOSUMI_SANDBOX=require, but there is no sandbox here: ${facts.reason}. Install bubblewrap, or set TAKOSUMI_SANDBOX=auto to run without isolation.`,
    );
  }
  const shared = facts.kind === "bubblewrap" && network === "shared" ? ["the network is shared"] : [];
  return { ...facts, missing: [...facts.missing, ...shared, ...unlimited(facts, limits)] };
}

function unlimited({ cgroups }: SandboxFacts, { memory }: Settings["limits"]): string[] {
  if (memory === null) return ["memory is not limited: TAKOSUMI_RUN_MEMORY_BYTES is not set"];
  return cgroups.memory ? [] : ["memory is not limited: no cgroup can be made here"];
}

function unboxed(): SandboxFacts {
  const [uid, gid] = [process.getuid?.() ?? 0, process.getgid?.() ?? 0];
  const missing = ["files of this machine are not isolated", "processes are not isolated", "the network is not isolated"];
  if (uid === 0) missing.unshift("module code runs as root");
  return { kind: "none", reason: "TAKOSUMI_SANDBOX=none", setpriv: false, uid, gid, missing, cgroups: detectCgroups() };
}
