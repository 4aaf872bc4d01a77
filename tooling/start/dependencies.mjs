// Installs the workspace's packages, Node 24 among them, where that was not done since the lockfile changed.
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { inherited } from "./env.mjs";
import { Problem } from "./lines.mjs";

export const root = fileURLToPath(new URL("../../", import.meta.url)).replace(/\/$/, "");
const node = join(root, "node_modules/.bin/node");
const marker = join(root, "node_modules/.takosumi-installed");
const outputMax = 64 * 1024;

/** What an install depends on. Another platform in the same tree (a bind mount in a container) installs again. */
function wanted() {
  const hash = createHash("sha256").update(`${process.platform} ${process.arch}\n`);
  for (const name of ["package.json", "pnpm-workspace.yaml", "pnpm-lock.yaml"]) hash.update(readFileSync(join(root, name)));
  return hash.digest("hex");
}

/** Brings node_modules up to the lockfile, where it is not. Answers the text of the step. */
export async function installDependencies(say) {
  const digest = wanted();
  const now = existsSync(node) && existsSync(marker) ? readFileSync(marker, "utf8") : "";
  if (now !== digest) {
    say("installing");
    await install(say);
    writeFileSync(marker, digest);
  }
  const packages = readdirSync(join(root, "node_modules/.pnpm")).filter((name) => name.lastIndexOf("@") > 0).length;
  return `${packages.toLocaleString("en-US")} packages`;
}

async function install(say) {
  const { packageManager } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  let output = "";
  const read = (chunk) => {
    output = (output + chunk).slice(-outputMax);
    const counts = String(chunk).match(/resolved (\d+).*?added (\d+)/);
    if (counts) say(`installing ${counts[2]} of ${counts[1]}`);
  };
  // CI: pnpm asks nothing. A session of its own: a signal that ends us ends all of it.
  const args = ["-y", packageManager, "install", "--frozen-lockfile", "--reporter=append-only"];
  const child = spawn("npx", args, { cwd: root, env: { ...inherited, CI: "true" }, stdio: ["ignore", "pipe", "pipe"], detached: true });
  child.stdout.on("data", read);
  child.stderr.on("data", read);
  const end = (signal) => {
    try {
      process.kill(-child.pid, signal);
    } catch {
      // It has ended by itself.
    }
    process.exit(signal === "SIGINT" ? 130 : 143);
  };
  const signals = ["SIGINT", "SIGTERM", "SIGHUP"];
  for (const signal of signals) process.on(signal, end);
  const code = await new Promise((resolve) => {
    child.on("error", (error) => {
      output += `\n${error.message}`;
      resolve(1);
    });
    child.on("close", resolve);
  });
  for (const signal of signals) process.off(signal, end);
  if (code !== 0) {
    const said = output.split("\n").filter((line) => line.trim() && !/^(Progress|npm (notice|warn))/.test(line));
    throw new Problem(`${packageManager} install failed:\n${said.slice(-8).join("\n")}`, "see above, then run the same command again");
  }
}

/** A child of the Node that the install brought. */
export const spawnNode = (args, options) => spawn(node, args, options);
