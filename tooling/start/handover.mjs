// Runs on the Node that the machine has: installs what is missing, then hands over to the Node that the install brought.
import { mkdirSync, readFileSync } from "node:fs";
import { constants } from "node:os";
import { join } from "node:path";
import { installDependencies, root, spawnNode } from "./dependencies.mjs";
import { dataDirOf, inherited } from "./env.mjs";
import { failure, step } from "./lines.mjs";

/** `npm start`: prints the banner, installs, and runs the launcher to its end. */
export async function start() {
  const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  console.log(`Takosumi ${version}\n`);
  await dependencies();
  const dataDir = dataDirOf(root);
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  const env = { ...inherited, TAKOSUMI_DATA_DIR: dataDir, NODE_COMPILE_CACHE: join(dataDir, "compile-cache") };
  handOver([join(root, "tooling/start/src/main.ts")], env);
}

/** `npm test`: installs, and runs every check. */
export async function test(args) {
  await dependencies();
  handOver([join(root, "tooling/test/src/main.ts"), ...args], inherited);
}

async function dependencies() {
  try {
    await step("dependencies", installDependencies);
  } catch (error) {
    console.log(failure("dependencies", error));
    process.exit(1);
  }
}

/** Runs Node 24 in this terminal. It hears every signal that reaches us, and ends us with its own status; where we vanish it sees that. */
function handOver(args, env) {
  const child = spawnNode(args, { cwd: root, env, stdio: ["inherit", "inherit", "inherit", "ipc"] });
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => child.kill(signal));
  child.on("error", (error) => {
    console.error(`Node 24 could not be started: ${error.message}`);
    process.exit(1);
  });
  child.on("exit", (code, signal) => process.exit(code ?? 128 + (constants.signals[signal] ?? 0)));
}
