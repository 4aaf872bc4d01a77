// A runner that starts an apply, says so, and is then killed by the test.
import { readFile } from "node:fs/promises";
import { applyArgs } from "../src/commands.ts";
import { phaseEnvironment } from "../src/environment.ts";
import { startPhase } from "../src/phase.ts";
import type { World } from "./world.ts";

const of: World = JSON.parse(await readFile(process.argv[2] ?? "", "utf8"));
const argv = applyArgs(of, { variables: false });
const phase = await startPhase({
  dir: of.dir,
  name: "apply",
  box: of.box,
  env: phaseEnvironment({ seen: of.seen }),
  cwd: of.seen.module,
  argv,
});
process.send?.(phase.facts);
await phase.wait();
