import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Say } from "@takosumi/start/lines";
import { root, run, tool } from "./programs.ts";

interface Report {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly numPendingTests: number;
  readonly numTodoTests: number;
  readonly testResults: readonly { readonly status: string; readonly assertionResults: readonly unknown[] }[];
}
export interface Tested {
  readonly passed: number;
  readonly failed: number;
  readonly leftOut: number;
  readonly output: string;
}

/** Unit and integration tests. A file that does not even load counts as one failure, and so does a run that ends without a report. */
export async function vitest(args: readonly string[], env: Readonly<Record<string, string>>, say: Say): Promise<Tested> {
  const report = join(tmpdir(), `takosumi-vitest-${process.pid}.json`);
  const reporters = ["--reporter=default", "--reporter=json", `--outputFile.json=${report}`];
  // What Node compiled once serves every process that the tests start: a start is half as much work.
  const compiled = mkdtempSync(join(tmpdir(), "takosumi-compiled-"));
  let files = 0;
  const { code, output } = await run(tool("vitest"), ["run", "--config", `${root}/tooling/test/vitest.config.ts`, ...reporters, ...args], {
    env: { ...env, NO_COLOR: "1", NODE_COMPILE_CACHE: compiled },
    onLine: (line) => {
      if (/^ *[✓❯×] .*\.test\.ts/.test(line)) say(`${++files} files`);
    },
  });
  try {
    const { numPassedTests, numFailedTests, numPendingTests, numTodoTests, testResults } = JSON.parse(
      readFileSync(report, "utf8"),
    ) as Report;
    const broken = testResults.filter(({ status, assertionResults }) => status === "failed" && assertionResults.length === 0).length;
    const failed = numFailedTests + broken;
    return { passed: numPassedTests, failed: code !== 0 && failed === 0 ? 1 : failed, leftOut: numPendingTests + numTodoTests, output };
  } catch {
    return { passed: 0, failed: 1, leftOut: 0, output };
  } finally {
    rmSync(report, { force: true });
    rmSync(compiled, { recursive: true, force: true });
  }
}
