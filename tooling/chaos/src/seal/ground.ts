import { copyFile, readFile } from "node:fs/promises";
import { join } from "node:path";
import type { deployOn, Run } from "@takosumi/testkit/deploy";
import { runnerEnv, spawnRunner } from "@takosumi/testkit/spawn";
import { tools } from "@takosumi/testkit/tools";
import type { Database } from "../world/database.ts";
import { Part } from "../world/part.ts";
import { Witness } from "../world/witness.ts";
import { openWorld, type World } from "../world/world.ts";
import { Gate } from "./gate.ts";

/** A world with one Capsule that is planned again and again, and a donor beside it whose valid things stand in for what somebody forged. */
export interface Ground {
  readonly world: World;
  readonly database: Database;
  readonly user: ReturnType<typeof deployOn>;
  readonly witness: Witness;
  readonly gate: Gate;
  /** The directory of stored blobs, that of the runner's Runs, and the tool that the runner has. */
  readonly blobs: string;
  readonly runs: string;
  readonly tool: string;
  readonly workspace: string;
  readonly capsule: string;
  readonly connection: string;
  /** A state of the same serial and lineage with other content. */
  readonly forged: { readonly version: string; readonly text: string };
  /** The plan file of the round before the first. */
  readonly earlier: { readonly plan: Buffer };
  readonly donor: { readonly plan: string; readonly source: string; readonly connection: string; readonly elsewhere: string };
  close(): Promise<void>;
}

const filesOf = (port: number, who: string) => ({
  "main.tf": `terraform {
  required_providers {
    time = { source = "hashicorp/time" }
  }
}
variable "generation" {}
resource "time_static" "t" {}
resource "terraform_data" "w" {
  triggers_replace = var.generation
  provisioner "local-exec" {
    interpreter = ["/bin/bash", "-c"]
    command     = "exec 3<>/dev/tcp/127.0.0.1/${port}; printf 'POST /hit/${who}-\${var.generation}/x HTTP/1.0\\\\r\\\\n\\\\r\\\\n' >&3; cat <&3 >/dev/null"
  }
}
`,
  "script.sh": `echo ${who}\n`,
});
const time = "hashicorp/time";

export async function openGround(): Promise<Ground> {
  const witness = await new Witness().open();
  const gate = await new Gate().open();
  const world = await openWorld({ runners: 0 });
  const [dir, tool] = [world.runnerDir(0), join(world.dir, "tofu")];
  const variables = { ...runnerEnv(gate.url, world.runnerToken, dir), TAKOSUMI_TOFU_BIN: tool };
  const runner = new Part("runner", "ready", () => spawnRunner(variables));
  const close = async () => {
    await runner.kill("SIGTERM");
    await world.close();
    await gate.close();
    await witness.close();
  };
  try {
    gate.target = world.url();
    await copyFile(tools.tofu as string, tool);
    await runner.start();
    const runs = join(dir, "runs");
    const opened = { world, database: world.database, user: world.user, witness, gate, runs, tool, close };
    return { ...opened, blobs: join(world.dir, "data/blobs"), ...(await furnished(opened)) };
  } catch (error) {
    await close();
    throw error;
  }
}

async function furnished({ world, user, witness, gate, runs }: Pick<Ground, "world" | "user" | "witness" | "gate" | "runs">) {
  const connect = async (name: string, body: object): Promise<string> =>
    (await user.ok("POST", "/api/connections", { name, ...body })).connection.id;
  const own = (value: string) => ({ provider: time, recipe: { id: "generic-env" }, values: { SOME_TOKEN: value } });
  const connection = await connect("own", own("the-value-of-this-one"));
  const other = await connect("donor", own("the-value-of-the-donor"));
  const elsewhere = await connect("elsewhere", {
    provider: "cloudflare/cloudflare",
    recipe: { id: "cloudflare" },
    values: { CLOUDFLARE_API_TOKEN: "x".repeat(40) },
  });
  const bound = (id: string) => ({ tool: { name: "opentofu" }, provider_bindings: [{ provider: time, connection_id: id }] });
  const generation = (value: number) => ({ variables: [{ name: "generation", value }] });

  const capsule = await user.capsule(filesOf(witness.port, "own"), { ...bound(connection), ...generation(0) });
  let plan = Buffer.alloc(0);
  const first = await user.plan(capsule);
  gate.before(async () => {
    plan = await readFile(join(runs, first.id, "io/plan"));
  });
  const applied: Run = await user.approve(first);
  if (applied.status !== "succeeded") throw new Error(`The first apply ended ${applied.status}: ${JSON.stringify(applied.error)}`);
  const version: string = applied.state_version_id;

  const state = (await world.call("GET", `/api/state/${capsule}/versions/${version}`)).body;
  const { instances } = state.resources.find(({ type }: { type: string }) => type === "terraform_data");
  instances[0].attributes.id = "forged";
  const forgery = JSON.stringify(state);
  const evil = await user.capsule(filesOf(witness.port, "evil"), { ...bound(other), ...generation(-1) });
  const brought = await world.call("POST", `/api/state/${evil}/versions`, {
    raw: forgery,
    headers: { "content-type": "application/json" },
  });
  if (brought.status !== 201) throw new Error(`The forged state was not taken: ${JSON.stringify(brought.body)}`);
  const donor: Run = await user.plan(evil);
  if (donor.status !== "planned") throw new Error(`The donor's plan ended ${donor.status}: ${JSON.stringify(donor.error)}`);
  return {
    capsule,
    connection,
    workspace: applied.workspace_id as string,
    forged: { version: brought.body.state_version.id as string, text: forgery },
    earlier: { plan },
    donor: { plan: donor.id as string, source: donor.source_snapshot.id as string, connection: other, elsewhere },
  };
}
