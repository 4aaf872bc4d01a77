import { fileURLToPath } from "node:url";
import { failure, Problem } from "@takosumi/start/lines";
import { Closers } from "./closers.ts";
import { launchAll } from "./launch.ts";

const root = fileURLToPath(new URL("../../../", import.meta.url)).replace(/\/$/, "");
const stop = new AbortController();
/** One Ctrl-C may come twice: from the terminal and from npm. */
const echoMs = 500;
let told = 0;

/** Every way to be told to end is the same; a later one changes nothing. */
function end(): void {
  const again = stop.signal.aborted && performance.now() - told > echoMs;
  told = performance.now();
  if (again) console.log("  still stopping: Runs record their state");
  stop.abort();
}
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, end);
// The parent that handed over has vanished.
process.on("disconnect", end);
// A terminal that is gone takes no lines; that is no reason to fall over before everything is stopped.
process.stdout.on("error", () => {});

const closers = new Closers();
let status = 0;
try {
  await launchAll(root, closers, stop.signal);
  await new Promise<void>((resolve) => {
    if (stop.signal.aborted) resolve();
    else stop.signal.addEventListener("abort", () => resolve(), { once: true });
  });
} catch (error) {
  if (!stop.signal.aborted) {
    status = 1;
    console.log(error instanceof Problem ? failure(error.step ?? "start", error) : failure("start", new Error((error as Error).stack)));
  }
}
if (status === 0) console.log("\nStopping");
const wrong = await closers.closeAll();
for (const line of wrong) console.log(`  ! ${line}`);
if (status === 0) console.log("Stopped");
process.exit(wrong.length > 0 ? 1 : status);
