import { generateClient } from "@takosumi/start/generate";
import { failure, Problem, type Say, step, warning } from "@takosumi/start/lines";
import { checks } from "./checks.ts";
import { chromium, openTofu, providers, psql, sandbox, sshd } from "./ground.ts";
import { root, run } from "./programs.ts";
import { vitest } from "./suites.ts";

/** `--require=tofu` fails where a tool is missing that would only be left out; what else is given goes to vitest: files, `-t name`. */
const args = process.argv.slice(2);
const required = new Set(args.flatMap((arg) => (arg.startsWith("--require=") ? arg.slice("--require=".length).split(",") : [])));
const forVitest = args.filter((arg) => !arg.startsWith("--require="));

for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => process.exit(130));
process.on("disconnect", () => process.exit(130));

const ran: string[] = [];
let passed = 0;
let failed = 0;
const testEnv: Record<string, string> = {};

/** Something that tests need and may do without, unless it is required. */
async function ground(name: string, work: (say: Say) => Promise<string>): Promise<void> {
  try {
    await step(name, work);
    ran.push(name);
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    if (!required.has(name)) return console.log(warning(name, error.message, error.fix));
    failed++;
    console.log(failure(name, error));
  }
}

/** One result among those that are counted. What it said is shown only where it failed. */
async function counted(name: string, work: (say: Say) => Promise<string>): Promise<void> {
  try {
    await step(name, work);
  } catch (error) {
    failed++;
    console.log(failure(name, error instanceof Problem ? error : new Error((error as Error).stack)));
  }
}

await ground("sandbox", sandbox);
await ground("psql", psql);
await ground("sshd", sshd);
await ground("browser", chromium);
await ground("tofu", async (say) => {
  const { testEnv: more, text } = await openTofu(say);
  Object.assign(testEnv, more);
  return text;
});
await ground("providers", providers);
await counted("build", async () => ((await generateClient(root)) ? "database client generated" : "up to date"));
if (forVitest.length === 0) {
  for (const { name, about, command } of checks) {
    await counted(name, async () => {
      const [program, ...rest] = command;
      const { code, output } = await run(program, rest);
      if (code !== 0) throw new Problem(`failed\n${output.trim()}`);
      passed++;
      ran.push(name);
      return about;
    });
  }
}
await counted("tests", async (say) => {
  const result = await vitest(forVitest, testEnv, say);
  passed += result.passed;
  const leftOut = result.leftOut > 0 ? `, ${result.leftOut} left out` : "";
  if (result.failed > 0) {
    // `counted` adds the one that stands for this step.
    failed += result.failed - 1;
    throw new Problem(`${result.failed} of ${result.passed + result.failed} failed\n${result.output.trim()}`);
  }
  ran.push("unit", "integration");
  return `${result.passed} tests, vitest${leftOut}`;
});

console.log(`\n${passed} passed, ${failed} failed`);
console.log(`ran: ${ran.join(", ")}`);
process.exit(failed > 0 ? 1 : 0);
