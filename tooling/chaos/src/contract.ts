// schemathesis sends what the OpenAPI document allows and what it does not, and counts answers of 5xx and answers that it does not promise:
// node tooling/chaos/src/contract.ts [examples of each operation] [seed]. Installs schemathesis into the cache once, with python3 -m venv.
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { access } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { env } from "@takosumi/testkit/env";
import { Counts } from "./world/counts.ts";
import { openWorld, type World } from "./world/world.ts";

const run = promisify(execFile);
const version = "4.32.5";
const checks = ["not_a_server_error", "status_code_conformance", "content_type_conformance", "response_schema_conformance"];
/** Streams that stay open, what would sign the caller out, what answers 503 because no runner is there, and archives, which it cannot make. */
const without = "(/sse|/ws|/api/auth/logout|/auth/logout|/readyz|^/api/sources)$";

/** Where its command is. Null without python3 and its venv. */
export async function schemathesis(): Promise<string | null> {
  const home = join(env.TAKOSUMI_CACHE_DIR, `schemathesis-${version}`);
  const command = join(home, "bin/st");
  if (
    await access(command).then(
      () => true,
      () => false,
    )
  )
    return command;
  try {
    await run("python3", ["-m", "venv", home]);
    await run(join(home, "bin/pip"), ["install", "--quiet", "--disable-pip-version-check", `schemathesis==${version}`], {
      timeout: 300_000,
    });
    return command;
  } catch {
    return null;
  }
}

interface Asked {
  /** Of each operation, at random. */
  readonly examples: number;
  readonly seed: number;
  /** `coverage`: every bound of every field; `fuzzing`: the examples. */
  readonly phases: "fuzzing" | "coverage,fuzzing";
}

/** Every operation of the document, so many times. `say` hears what it prints. */
export async function contract(
  command: string,
  { examples, seed, phases }: Asked,
  say: (line: string) => void = () => {},
): Promise<Counts> {
  const counts = new Counts(`schemathesis ${version}, ${examples} examples of each operation, seed ${seed}`);
  const world = await openWorld({ runners: 0, apiEnv: { TAKOSUMI_RATE_LIMIT: "10000000", TAKOSUMI_ADDRESS_RATE_LIMIT: "10000000" } });
  try {
    const said = await checked(world, command, { examples, seed, phases }, say);
    counts.all("answers are what the document promises, and no 5xx", said.code === 0);
    counts.note("requests", said.requests);
  } finally {
    await world.close();
  }
  return counts;
}

async function checked({ dir, url, token }: World, command: string, { examples, seed, phases }: Asked, say: (line: string) => void) {
  const options = {
    header: `Authorization: Bearer ${token}`,
    checks: checks.join(","),
    phases,
    "max-examples": String(examples),
    seed: String(seed),
    "exclude-path-regex": without,
    "suppress-health-check": "all",
    warnings: "off",
    "request-timeout": "60",
    "report-dir": dir,
  };
  const named = Object.entries(options).flatMap(([name, value]) => [`--${name}`, value]);
  const args = ["run", `${url()}/openapi.json`, ...named, "--continue-on-failure", "--no-color", "--no-shrink"];
  const child = spawn(command, args, { stdio: ["ignore", "pipe", "inherit"], cwd: dir });
  let requests = 0;
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    say(text);
    requests = Number(/(\d+) generated/.exec(text)?.[1] ?? requests);
  });
  const [code] = (await once(child, "close")) as [number | null];
  return { code, requests };
}

if (import.meta.main) {
  const [, , examples = "400", seed = "1"] = process.argv;
  const command = await schemathesis();
  if (!command) throw new Error("schemathesis needs python3 with venv, and a registry of Python packages");
  (
    await contract(command, { examples: Number(examples), seed: Number(seed), phases: "coverage,fuzzing" }, (text) =>
      process.stdout.write(text),
    )
  ).report();
}
