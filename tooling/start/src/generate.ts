import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { Problem } from "@takosumi/start/lines";

/** Makes Prisma's client in packages/db/generated where the schema or Prisma changed since. Answers whether it had to. */
export async function generateClient(root: string): Promise<boolean> {
  const generated = join(root, "packages/db/generated");
  const marker = join(generated, ".schema-digest");
  const digest = schemaDigest(root);
  if (existsSync(marker) && readFileSync(marker, "utf8") === digest) return false;
  const cli = join(root, "packages/db/node_modules/prisma/build/index.js");
  try {
    await promisify(execFile)(process.execPath, [cli, "generate", "--config", join(root, ".config/prisma.ts")], {
      cwd: join(root, "packages/db"),
      // The client needs no engine; without this Prisma would download one.
      env: {
        PATH: "/usr/local/bin:/usr/bin:/bin",
        PRISMA_SCHEMA_ENGINE_BINARY: "/bin/true",
        PRISMA_HIDE_UPDATE_MESSAGE: "1",
        CHECKPOINT_DISABLE: "1",
      },
      timeout: 120_000,
    });
  } catch (error) {
    const said = String((error as { stderr?: string }).stderr || (error as Error).message).trim();
    throw new Problem(`prisma generate failed:\n${said.split("\n").slice(-8).join("\n")}`);
  }
  writeFileSync(marker, digest);
  return true;
}

function schemaDigest(root: string): string {
  const hash = createHash("sha256");
  for (const folder of ["prisma", "prisma/models"]) {
    for (const name of readdirSync(join(root, folder)).sort()) {
      if (name.endsWith(".prisma")) hash.update(name).update(readFileSync(join(root, folder, name)));
    }
  }
  return hash.update(readFileSync(join(root, "packages/db/node_modules/prisma/package.json"))).digest("hex");
}
