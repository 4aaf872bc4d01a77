// Builds the providers that tests use into a filesystem mirror: real ones and a probe, with no network needed afterwards.
import { existsSync, lstatSync, mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { pathToFileURL } from "node:url";
import { alone, appear, say } from "./cache.mjs";
import { cacheDir } from "./env.mjs";
import { goBuild, goVersion } from "./go-build.mjs";

export const mirror = join(cacheDir, "mirror");
const arch = { x64: "amd64", arm64: "arm64" }[process.arch] ?? process.arch;
const providers = [
  { type: "time", version: "0.14.2", folder: "providers/", package: "github.com/hashicorp/terraform-provider-time" },
  { type: "local", version: "2.9.0", folder: "providers/", package: "github.com/terraform-providers/terraform-provider-local" },
  // Our own, in `providers/probe`: a higher version whenever its source changes.
  { type: "probe", version: "1.1.0", folder: "providers/", package: "takosumi.invalid/provider-tools/probe" },
  // An old one, made of other versions than the others.
  {
    type: "external",
    version: "1.2.0",
    folder: "providers-external/",
    package: "github.com/terraform-providers/terraform-provider-external",
  },
];

const folderOf = ({ type, version }) => join(mirror, "registry.opentofu.org/hashicorp", type, version, `${process.platform}_${arch}`);
const programOf = ({ type, version }) => `terraform-provider-${type}_v${version}`;
const missing = () => providers.filter((provider) => !existsSync(join(folderOf(provider), programOf(provider))));

/** Those of one folder in one go: they share most of what they are made of. */
async function build(wanted) {
  say(`building providers ${wanted.map(({ type, version }) => `${type} ${version}`).join(", ")}`);
  const staging = mkdtempSync(join(cacheDir, "providers-"));
  try {
    const outputOf = (provider) => join(staging, programOf(provider));
    for (const folder of new Set(wanted.map((provider) => provider.folder))) {
      const builds = wanted
        .filter((provider) => provider.folder === folder)
        .map((provider) => ({
          package: provider.package,
          output: outputOf(provider),
          ldflags: `-s -w -X main.version=${provider.version}`,
        }));
      await goBuild("building providers", folder, builds);
    }
    for (const provider of wanted)
      await appear(folderOf(provider), async (folder) => renameSync(outputOf(provider), join(folder, programOf(provider))));
  } finally {
    rmSync(staging, { recursive: true, force: true });
  }
}

/** Terraform asks for the same providers under its own registry's name, and follows a link only where a package lies. */
function nameForTerraform() {
  const host = join(mirror, "registry.terraform.io");
  mkdirSync(mirror, { recursive: true });
  if (lstatSync(host, { throwIfNoEntry: false })?.isSymbolicLink()) rmSync(host);
  for (const provider of providers) {
    const link = folderOf(provider).replace("registry.opentofu.org", "registry.terraform.io");
    mkdirSync(dirname(link), { recursive: true });
    try {
      symlinkSync(relative(dirname(link), folderOf(provider)), link);
    } catch (error) {
      if (error.code !== "EEXIST") throw error;
    }
  }
}

/** Answers the mirror's path; builds what is not in it yet. */
export async function buildProviders() {
  if (missing().length > 0) {
    await alone("providers-build", async () => {
      const wanted = missing();
      if (wanted.length > 0 && !goVersion())
        throw new Error(`the providers ${wanted.map(({ type }) => type).join(" and ")} are built with Go, and there is none here`);
      if (wanted.length > 0) await build(wanted);
    });
  }
  nameForTerraform();
  return mirror;
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  try {
    const before = missing().length;
    const path = await buildProviders();
    say(before === 0 ? `the test providers are already there: ${path}` : `the test providers were built: ${path}`);
  } catch (error) {
    console.error(`tofu: ${error.message}`);
    process.exitCode = 1;
  }
}
