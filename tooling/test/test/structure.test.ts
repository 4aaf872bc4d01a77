import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { type Setting, settings } from "@takosumi/contracts/instance/settings";
import { expect, it } from "vitest";

const root = new URL("../../../", import.meta.url).pathname;
const read = (path: string) => readFileSync(join(root, path), "utf8");
/** What is committed or would be: the tree without what git ignores. */
const files = execFileSync(
  "git",
  ["-c", "safe.directory=*", "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--deduplicate"],
  {
    cwd: root,
    encoding: "utf8",
  },
)
  .split("\0")
  .filter((path) => path !== "" && existing(path));
const sources = files.filter((path) => /^(apps|packages|tooling|prisma)\/.*\.(ts|tsx|mts|mjs|js|sql|prisma)$/.test(path));
const manifests = files.filter((path) => /^(apps|packages|tooling)\/[^/]+\/package\.json$/.test(path));

function existing(path: string): boolean {
  try {
    readFileSync(join(root, path));
    return true;
  } catch {
    return false;
  }
}

interface Manifest {
  readonly name: string;
  readonly dependencies?: Record<string, string>;
  readonly devDependencies?: Record<string, string>;
}
const manifest = (path: string): Manifest => JSON.parse(read(path)) as Manifest;

it("looks at the whole tree", () => {
  expect(sources.length).toBeGreaterThan(200);
  expect(manifests.length).toBeGreaterThan(10);
});

it("keeps files short: none over 400 lines", () => {
  const long = sources
    .filter((path) => !path.startsWith("prisma/migrations/"))
    .map((path) => [path, read(path).split("\n").length - 1] as const);
  expect(long.filter(([, lines]) => lines > 400)).toEqual([]);
});

it("names files by the field's terms", () => {
  const vague = /(^|[-_.])(utils?|helpers?|managers?|common|misc)(\.|$)/i;
  expect(sources.filter((path) => path.split("/").some((part) => vague.test(part)))).toEqual([]);
});

it("has no file that only passes others' exports on", () => {
  const barrels = sources
    .filter((path) => /\.(ts|mjs)$/.test(path))
    .filter((path) => {
      const lines = read(path)
        .split("\n")
        .filter((line) => line.trim() && !/^\s*(\/\/|\/?\*)/.test(line));
      return lines.length > 0 && lines.every((line) => /^export\b.*\bfrom\b/.test(line));
    });
  expect(barrels).toEqual([]);
});

it("leaves nothing unfinished, and no path of one machine", () => {
  const unfinished = /\b(TODO|FIXME|XXX|HACK|not implemented|stub(bed)?)\b/;
  const machine = /\/(root|home\/[a-z]+)\/|\/work\/(main|shared)\b/;
  const here = "tooling/test/test/structure.test.ts";
  const found = sources.filter(
    (path) => path !== here && !/(^|\/)test\/|\.test\.ts$/.test(path) && (unfinished.test(read(path)) || machine.test(read(path))),
  );
  expect(found).toEqual([]);
});

it("has at its top only what DESIGN.md names", () => {
  const allowed = new Set([
    "README.md",
    "LICENSE",
    "package.json",
    "pnpm-workspace.yaml",
    "pnpm-lock.yaml",
    "turbo.json",
    "apps",
    "packages",
    "prisma",
    "tooling",
  ]);
  const top = new Set(files.map((path) => path.split("/")[0] as string));
  expect([...top].filter((name) => !name.startsWith(".") && !allowed.has(name))).toEqual([]);
});

it("says in a README what each package owns and must never import", () => {
  const without = manifests
    .map((path) => dirname(path))
    .filter((folder) => folder !== "tooling/typescript" && !files.includes(`${folder}/README.md`));
  expect(without).toEqual([]);
});

it("takes every version from the catalog", () => {
  const loose = ["package.json", ...manifests].flatMap((path) => {
    const { dependencies = {}, devDependencies = {} } = manifest(path);
    return Object.entries({ ...dependencies, ...devDependencies })
      .filter(([name, version]) => version !== (name.startsWith("@takosumi/") ? "workspace:*" : "catalog:"))
      .map(([name, version]) => `${path}: ${name} ${version}`);
  });
  expect(loose).toEqual([]);
});

/** Who may depend on whom: apps -> transport, run-engine -> db, keyring … -> contracts. */
const graph: Readonly<Record<string, readonly string[]>> = {
  contracts: [],
  redact: [],
  reach: [],
  opentofu: ["contracts"],
  keyring: ["contracts"],
  recipes: ["contracts"],
  sdk: ["contracts"],
  blobs: ["contracts", "keyring"],
  db: ["contracts"],
  transport: ["contracts"],
  "run-engine": ["contracts", "db", "blobs", "keyring", "recipes", "redact"],
  api: ["contracts", "transport", "run-engine", "db", "blobs", "keyring", "redact", "recipes", "opentofu", "reach"],
  runner: ["contracts", "opentofu", "redact", "recipes", "reach", "sdk"],
  dashboard: ["contracts", "sdk"],
  cli: ["contracts", "sdk", "db", "keyring", "blobs", "run-engine"],
};

it("keeps dependencies pointing one way", () => {
  const wrong = manifests
    .filter((path) => !path.startsWith("tooling/"))
    .flatMap((path) => {
      const name = basename(dirname(path));
      const own = Object.keys(manifest(path).dependencies ?? {}).filter((other) => other.startsWith("@takosumi/"));
      return own
        .map((other) => other.slice("@takosumi/".length))
        .filter((other) => !graph[name]?.includes(other))
        .map((other) => `${name} -> ${other}`);
    });
  expect(wrong).toEqual([]);
});

it("lists every setting that a process reads, and in the README every setting that is listed", () => {
  const table: readonly Setting[] = settings;
  const listed = table.map(({ name }) => name);
  const read_by = sources
    .filter((path) => /(^|\/)env\.(ts|mjs)$/.test(path) && !/^tooling\/(test|testkit|bench|chaos)\//.test(path))
    .flatMap((path) =>
      [...read(path).matchAll(/\b(TAKOSUMI_[A-Z_]+|DATABASE_URL|PORT|HOST)\b/g)].map(([name]) => name.replace(/_FILE$/, "")),
    );
  expect([...new Set(read_by)].filter((name) => !listed.includes(name))).toEqual([]);
  const rows = [...read("README.md").matchAll(/^\| `([A-Z_]+)`( ¹)? \| (.*) \| (.*) \|$/gm)].map(([, ...cells]) => cells);
  const text = (one: Setting) => [
    one.name,
    one.secret && " ¹",
    one.about.replaceAll("<", "&lt;"),
    one.default === null ? "" : `\`${one.default}\``,
  ];
  expect(rows).toEqual(table.map(text));
});
