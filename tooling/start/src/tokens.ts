import { existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { mintToken } from "@takosumi/keyring/tokens";

export interface Tokens {
  /** The first owner's token. */
  readonly owner: string;
  readonly runner: string;
  /** The file that the runner reads its token from. */
  readonly runnerFile: string;
  readonly ownerFile: string;
  /** A header for `curl -H @file`. */
  readonly authFile: string;
}

/** The two tokens of this data directory: given, or minted once into files that only we read. */
export function readyTokens(dataDir: string, given: { readonly owner: string | null; readonly runner: string | null }): Tokens {
  const ownerFile = join(dataDir, "bootstrap-token");
  const runnerFile = join(dataDir, "runner-token");
  const authFile = join(dataDir, "auth");
  const owner = kept(ownerFile, given.owner, "tak_pat_");
  const runner = kept(runnerFile, given.runner, "tak_run_");
  written(authFile, `Authorization: Bearer ${owner}\n`);
  return { owner, runner, ownerFile, runnerFile, authFile };
}

function kept(path: string, given: string | null, prefix: string): string {
  if (given === null && existsSync(path)) return readFileSync(path, "utf8").trim();
  const token = given ?? mintToken(prefix);
  written(path, `${token}\n`);
  return token;
}

function written(path: string, text: string): void {
  if (existsSync(path) && readFileSync(path, "utf8") === text) return;
  writeFileSync(`${path}.new`, text, { mode: 0o600 });
  renameSync(`${path}.new`, path);
}
