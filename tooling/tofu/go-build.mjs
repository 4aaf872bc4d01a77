// Builds programs of a Go module whose sums are committed, in caches of its own that are gone afterwards.
import { mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { cacheDir, inherited } from "./env.mjs";
import { ask, runLong } from "./run.mjs";

/** The version of Go here, or null. */
export const goVersion = () => ask("go", ["env", "GOVERSION"]);

/**
 * `builds`: [{ package, output, ldflags }]. Needs some 3 GB below the cache directory while it works. `-mod=readonly`: what go.sum
 * does not know is refused, so the result depends on the committed files alone.
 */
export async function goBuild(what, moduleFolder, builds) {
  const scratch = mkdtempSync(join(cacheDir, "go-"));
  const drop = () => rmSync(scratch, { recursive: true, force: true });
  process.once("exit", drop);
  try {
    const env = {
      ...inherited,
      CGO_ENABLED: "0",
      GOWORK: "off",
      GOFLAGS: "-modcacherw -buildvcs=false",
      GOMODCACHE: join(scratch, "mod"),
      GOCACHE: join(scratch, "build"),
      GOTMPDIR: scratch,
    };
    const cwd = fileURLToPath(new URL(moduleFolder, import.meta.url));
    for (const { package: name, output, ldflags } of builds) {
      await runLong(what, "go", ["build", "-mod=readonly", "-trimpath", "-ldflags", ldflags, "-o", output, name], { cwd, env });
    }
  } finally {
    process.removeListener("exit", drop);
    drop();
  }
}
