import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { inherited } from "./env.ts";

export const root = fileURLToPath(new URL("../../../", import.meta.url)).replace(/\/$/, "");
const outputMax = 200_000;

export interface Ended {
  readonly code: number;
  /** stdout and stderr as they came; the last 200,000 characters. */
  readonly output: string;
}

/** Runs a program in the checkout to its end. `onLine` hears every line as it comes. */
export function run(
  program: string,
  args: readonly string[],
  { env = {}, onLine = () => {} }: { env?: Readonly<Record<string, string>>; onLine?: (line: string) => void } = {},
): Promise<Ended> {
  let output = "";
  let rest = "";
  const child = spawn(program, args, { cwd: root, env: { ...inherited, ...env }, stdio: ["ignore", "pipe", "pipe"] });
  const take = (chunk: string) => {
    output = (output + chunk).slice(-outputMax);
    const lines = (rest + chunk).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) onLine(line);
  };
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding("utf8").on("data", take);
  return new Promise((resolve) => {
    child.once("error", (error) => resolve({ code: 127, output: `${program}: ${error.message}` }));
    child.once("close", (code, signal) =>
      resolve({ code: code ?? 1, output: signal ? `${output}\n${program} ended by ${signal}` : output }),
    );
  });
}

/** A program of the workspace's own tools, by its name. */
export const tool = (name: string): string => `${root}/node_modules/.bin/${name}`;
