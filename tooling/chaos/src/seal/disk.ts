import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { changedIn, flip, type Mutation, type Part, rewrite, type Undo } from "./mutation.ts";

/** The tree of a Run goes with it. */
const goes: Undo = async () => {};
type Change = (bytes: Buffer) => Buffer | string;
const text =
  (change: (text: string) => string): Change =>
  (bytes) =>
    change(bytes.toString("utf8"));

/** Files of a Run below its directory, and what is made of them beside a flipped bit and nothing at all. */
const files: readonly [Part, string, Readonly<Record<string, Change>>][] = [
  ["plan file", "io/plan", { cut: (bytes) => bytes.subarray(0, -20) }],
  [
    "state",
    "io/state.tfstate",
    {
      "other content of the same serial and lineage": text((state) => changedIn(state, /"id": "[^"]+"/, '"id": "another"')),
      "without its resources": text((state) => JSON.stringify({ ...JSON.parse(state), resources: [] })),
    },
  ],
  [
    "variable set",
    "io/variables.tfvars.json",
    {
      "another value": text((set) => changedIn(set, /"generation":\d+/, '"generation":-1')),
      "one more": text((set) => changedIn(set, "{", '{"more":"x",')),
    },
  ],
  [
    "source snapshot",
    "tree/main.tf",
    {
      "another command": text((module) => changedIn(module, "exec 3<>", "touch /tmp/evil; exec 3<>")),
      "one more resource": text((module) => `${module}\nresource "terraform_data" "evil" {}\n`),
    },
  ],
  ["source snapshot", "tree/script.sh", { "another command": () => "touch evil\n" }],
  ["source snapshot", "data/terraform.tfstate", { "another backend": text((record) => changedIn(record, '"local"', '"s3"')) }],
  [
    "lock file",
    "tree/.terraform.lock.hcl",
    {
      "another version": text((lock) => changedIn(lock, /version( *)= "[^"]+"/, 'version$1= "9.9.9"')),
      "without its hashes": text((lock) => changedIn(lock, /hashes[\s\S]*?\]/, "hashes = []")),
    },
  ],
];

const inFiles: readonly Mutation[] = files.flatMap(([part, file, changes]) => [
  { part, where: "disk" as const, how: `${file}: a bit`, inflict: ({ root, random }) => flip(join(root, file), random) },
  {
    part,
    where: "disk" as const,
    how: `${file}: gone`,
    inflict: async ({ root }) => {
      await rm(join(root, file));
      return goes;
    },
  },
  ...Object.entries(changes).map(([how, change]) => ({
    part,
    where: "disk" as const,
    how: `${file}: ${how}`,
    inflict: async ({ root }: { root: string }) => {
      await rewrite(join(root, file), change);
      return goes;
    },
  })),
]);

export const onDisk: readonly Mutation[] = [
  ...inFiles.map((one): Mutation => ({ ...one, inflict: (target) => one.inflict(target).then(() => goes) })),
  {
    part: "plan file",
    where: "disk",
    how: "the plan of an earlier round",
    inflict: async ({ root, ground }) => {
      await rewrite(join(root, "io/plan"), () => ground.earlier.plan);
      return goes;
    },
  },
  {
    part: "state",
    where: "disk",
    how: "another state of the same serial and lineage",
    inflict: async ({ root, ground }) => {
      await rewrite(join(root, "io/state.tfstate"), () => ground.forged.text);
      return goes;
    },
  },
  {
    part: "source snapshot",
    where: "disk",
    how: "one file more",
    inflict: async ({ root, random }) => {
      await writeFile(join(root, "tree", random.of(["zz_override.tf", "a.auto.tfvars", "more.tofu", "data.json"])), "# evil\n");
      return goes;
    },
  },
  { part: "tool", where: "disk", how: "a bit", inflict: ({ ground, random }) => flip(ground.tool, random) },
  {
    part: "tool",
    where: "disk",
    how: "a script that says it is the tool",
    inflict: ({ ground }) => rewrite(ground.tool, () => '#!/bin/sh\n[ "$1" = version ] && echo OpenTofu v1.12.6 && exit 0\ntouch evil\n'),
  },
];
