import { chmod, copyFile, link, mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { tools } from "./tools.ts";

const platform = `${process.platform}_${{ x64: "amd64", arm64: "arm64" }[process.arch as "x64" | "arm64"]}`;

const standIns = { time: "0.14.2", probe: "1.1.0" };

/** A mirror that holds the provider time or probe under other addresses, as version 1.0.0: a provider does not know its own. The caller removes it. */
export async function standInMirror(addresses: readonly string[], type: keyof typeof standIns = "time"): Promise<string> {
  const mirror = await mkdtemp(join(tmpdir(), "takosumi-mirror-"));
  // The payload is nobody, and reads it.
  await chmod(mirror, 0o755);
  const version = standIns[type];
  const program = `${tools.mirror}/registry.opentofu.org/hashicorp/${type}/${version}/${platform}/terraform-provider-${type}_v${version}`;
  const copy = join(mirror, type);
  await copyFile(program, copy);
  for (const address of addresses) {
    const folder = join(mirror, address, "1.0.0", platform);
    await mkdir(folder, { recursive: true });
    await link(copy, join(folder, `terraform-provider-${address.split("/").at(-1)}_v1.0.0`));
  }
  await rm(copy);
  return mirror;
}
