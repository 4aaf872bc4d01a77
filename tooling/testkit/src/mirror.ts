import { chmod, copyFile, mkdir, mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { tools } from "./tools.ts";

const platform = `${process.platform}_${{ x64: "amd64", arm64: "arm64" }[process.arch as "x64" | "arm64"]}`;

/** A mirror that holds the provider time under other addresses, as version 1.0.0: a provider does not know its own. The caller removes it. */
export async function standInMirror(...addresses: string[]): Promise<string> {
  const mirror = await mkdtemp(join(tmpdir(), "takosumi-mirror-"));
  // The payload is nobody, and reads it.
  await chmod(mirror, 0o755);
  const time = `${tools.mirror}/registry.opentofu.org/hashicorp/time/0.14.2/${platform}/terraform-provider-time_v0.14.2`;
  for (const address of addresses) {
    const folder = join(mirror, address, "1.0.0", platform);
    await mkdir(folder, { recursive: true });
    await copyFile(time, join(folder, `terraform-provider-${address.split("/").at(-1)}_v1.0.0`));
  }
  return mirror;
}
