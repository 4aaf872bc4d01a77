import { execFile, execFileSync } from "node:child_process";
import { chmod } from "node:fs/promises";
import { promisify } from "node:util";
import { stateFile } from "@takosumi/contracts/deploy/state-file";
import { afterAll, expect, test } from "vitest";
import { EventLines } from "../src/event-lines.ts";
import { parseEvent } from "../src/events.ts";
import { humanLine } from "../src/human-line.ts";
import { apply, bothTools, boxed, LINEAGE, plan, removeScratch, scratchDir, world } from "./world.ts";

const run = promisify(execFile);
const mounted: string[] = [];
afterAll(async () => {
  for (const path of mounted.splice(0)) execFileSync("umount", [path]);
  await removeScratch();
});

async function smallDisk(path: string): Promise<void> {
  await run("mount", ["-t", "tmpfs", "-o", "size=64k", "tmpfs", path]);
  mounted.push(path);
}

async function mayMount(): Promise<boolean> {
  const path = await scratchDir();
  try {
    await smallDisk(path);
    return true;
  } catch {
    return false;
  }
}

test("a dump has no human line", () => {
  expect(humanLine({ type: "state_dump", state: "secret" })).toBeNull();
});

// The state file's disk and the working directory's are both full when the apply wants to save, and the state needs more room than it has.
const FILLS = {
  "main.tf": `resource "terraform_data" "a" {
  input = sensitive(join("", ["dumped-secret-value", join("", [for n in range(1000) : "padding \${n}"])]))
  provisioner "local-exec" { command = "head -c 200000 /dev/zero > fill; head -c 200000 /dev/zero > ../io/fill; true" }
}
`,
};

for (const tool of (await mayMount()) ? bothTools : []) {
  test(`${tool.name}: on a full disk the whole state is an event of its own, and never a log`, async () => {
    const of = await world(tool, boxed, FILLS, {
      prepare: async (dir) => {
        await smallDisk(dir.io);
        await smallDisk(dir.tree);
        await Promise.all([chmod(dir.io, 0o700), chmod(dir.tree, 0o711)]);
      },
    });
    expect((await plan(of)).exit.code).toBe(2);
    const applied = await apply(of);
    expect(applied.exit.code).toBe(1);
    const lines = new EventLines();
    const events = [...lines.push(applied.stdout), ...lines.end()];
    const dump = events.find((event) => event.type === "state_dump");
    if (dump?.type !== "state_dump") throw new Error(`no dump among ${JSON.stringify(events).slice(-2_000)}`);
    expect(stateFile(Buffer.from(dump.state))).toMatchObject({ lineage: LINEAGE, resource_count: 1 });
    expect(events.map((event) => humanLine(event)).join("\n")).not.toContain("dumped-secret-value");
    // OpenTofu prints it in its human output as well: the same parser keeps it out of the log.
    const human = applied.stderr
      .toString()
      .split("\n")
      .map((line) => humanLine(parseEvent(line)));
    expect(human.join("\n")).not.toContain("dumped-secret-value");
  });
}
