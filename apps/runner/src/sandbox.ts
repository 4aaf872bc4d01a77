import { detectSandbox } from "@takosumi/opentofu/sandbox-facts";
import type { SandboxFacts } from "@takosumi/opentofu/types";
import type { Settings } from "./env.ts";

/** The isolation that Runs get here. Throws where it is required and not to be had. */
export async function sandboxFacts({ sandbox, limits }: Pick<Settings, "sandbox" | "limits">): Promise<SandboxFacts> {
  if (sandbox === "none") return unboxed();
  const facts = await detectSandbox();
  if (facts.kind === "none" && sandbox === "require") {
    throw new Error(
      `TAKOSUMI_SANDBOX=require, but there is no sandbox here: ${facts.reason}. Install bubblewrap, or set TAKOSUMI_SANDBOX=auto to run without isolation.`,
    );
  }
  return limits.addressSpace === null ? facts : { ...facts, missing: facts.missing.filter((one) => !one.startsWith("memory")) };
}

function unboxed(): SandboxFacts {
  const [uid, gid] = [process.getuid?.() ?? 0, process.getgid?.() ?? 0];
  const missing = ["files of this machine are not isolated", "processes are not isolated", "the network is not isolated"];
  if (uid === 0) missing.unshift("module code runs as root");
  return { kind: "none", reason: "TAKOSUMI_SANDBOX=none", setpriv: false, uid, gid, missing };
}
