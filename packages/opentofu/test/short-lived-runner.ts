// A runner that starts or holds an apply, says so, and is then killed by the test.
import { readFile } from "node:fs/promises";
import { applyArgs } from "../src/commands.ts";
import { phaseEnvironment } from "../src/environment.ts";
import { holdPhase, startPhase } from "../src/phase.ts";
import type { World } from "./world.ts";

const of: World & { held?: boolean } = JSON.parse(await readFile(process.argv[2] ?? "", "utf8"));
const argv = applyArgs(of, { variables: false });
const start = {
  dir: of.dir,
  name: "apply",
  box: of.box,
  env: phaseEnvironment({ seen: of.seen }),
  cwd: of.seen.module,
  argv,
};
if (of.held) {
  await holdPhase(start);
  process.send?.("held");
  setInterval(() => undefined, 60_000);
} else {
  const phase = await startPhase(start);
  process.send?.(phase.facts);
  await phase.wait();
}
