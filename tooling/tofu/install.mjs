// `npm run tofu:install`: brings the pinned OpenTofu into the cache, by download or, where there is none, by building it.
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { alone, appear, say } from "./cache.mjs";
import { cacheDir } from "./env.mjs";
import { goBuild, goVersion } from "./go-build.mjs";
import { downloadRelease } from "./release.mjs";
import { ask } from "./run.mjs";

export const { version } = JSON.parse(readFileSync(new URL("release.json", import.meta.url), "utf8"));
const target = join(cacheDir, "tools/opentofu", version);
export const installedPath = join(target, "tofu");

/** Whether the cached binary is there and is the version that it should be. */
export function isInstalled(path = installedPath) {
  if (!existsSync(path)) return false;
  // /dev/null is a real CLI configuration: one that is missing prints a warning before the version.
  const said = ask(path, ["version"], { PATH: "/usr/bin:/bin", TF_CLI_CONFIG_FILE: "/dev/null", CHECKPOINT_DISABLE: "1" });
  return said?.split("\n")[0] === `OpenTofu v${version}`;
}

/** Answers the path of the binary; `how` is "there", "downloaded" or "built". Throws with what to do where neither way works. */
export async function install() {
  if (isInstalled()) return { path: installedPath, how: "there" };
  return alone("tofu-install", async () => {
    if (isInstalled()) return { path: installedPath, how: "there" };
    let how = "downloaded";
    await appear(target, async (folder) => {
      how = await obtain(folder);
      if (!isInstalled(join(folder, "tofu"))) throw new Error(`what was ${how} does not answer as OpenTofu ${version}`);
      writeFileSync(join(folder, "origin"), `${how}\n`);
    });
    return { path: installedPath, how };
  });
}

async function obtain(folder) {
  const platform = platformName();
  say(`downloading OpenTofu ${version} for ${platform}`);
  try {
    await downloadRelease(version, platform, folder);
    return "downloaded";
  } catch (error) {
    const go = goVersion();
    say(`${error.message}${go ? `; building it with ${go} instead, some 4 minutes on 2 cores` : ""}`);
    if (!go)
      throw new Error(
        "OpenTofu can neither be downloaded nor built here (no Go). Install `tofu` or `terraform` on PATH, or set TAKOSUMI_TOFU_BIN.",
      );
  }
  const ldflags = "-s -w -X github.com/opentofu/opentofu/version.dev=no";
  const build = { package: "github.com/opentofu/opentofu/cmd/tofu", output: join(folder, "tofu"), ldflags };
  await goBuild("building OpenTofu", "opentofu/", [build]);
  return "built";
}

/** Go's words for this machine. */
function platformName() {
  const arch = { x64: "amd64", arm64: "arm64", arm: "arm", ia32: "386" }[process.arch] ?? process.arch;
  return `${process.platform}_${arch}`;
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  try {
    const { path, how } = await install();
    say(how === "there" ? `OpenTofu ${version} is already there: ${path}` : `OpenTofu ${version} ${how}: ${path}`);
  } catch (error) {
    console.error(`tofu: ${error.message}`);
    process.exitCode = 1;
  }
}
