// Programs that take long: their output is counted, not shown, and a line says now and then that they go on.
import { spawn, spawnSync } from "node:child_process";
import { say } from "./cache.mjs";

const EVERY_MS = 15_000;
const KEPT = 4_000;

/** Resolves when the program ended well; else throws with the end of what it said. */
export function runLong(what, program, args, options) {
  const began = Date.now();
  let tail = "";
  let lines = 0;
  const child = spawn(program, args, { ...options, stdio: ["ignore", "pipe", "pipe"] });
  const take = (chunk) => {
    lines += chunk.toString().split("\n").length - 1;
    tail = (tail + chunk).slice(-KEPT);
  };
  child.stdout.on("data", take);
  child.stderr.on("data", take);
  const timer = setInterval(() => say(`${what}: ${Math.round((Date.now() - began) / 1000)} s, ${lines} steps so far`), EVERY_MS);
  // An installer that is ended takes its compiler with it.
  const end = () => child.kill("SIGTERM");
  process.once("exit", end);
  return new Promise((done, failed) => {
    child.once("error", failed);
    child.once("close", (code, signal) => {
      if (code === 0) done();
      else failed(new Error(`${what} failed (${signal ?? `exit ${code}`}):\n${tail.trim().split("\n").slice(-12).join("\n")}`));
    });
  }).finally(() => {
    clearInterval(timer);
    process.removeListener("exit", end);
  });
}

/** What a program answers, or null where it is not there or fails. */
export function ask(program, args, env) {
  const { status, stdout } = spawnSync(program, args, { encoding: "utf8", timeout: 20_000, ...(env && { env }) });
  return status === 0 ? stdout.trim() : null;
}
