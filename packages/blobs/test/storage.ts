import { randomBytes } from "node:crypto";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { DataKeyRow } from "@takosumi/keyring/data-key";
import { type Keyring, openKeyring } from "@takosumi/keyring/envelope";
import { localMasterKey } from "@takosumi/keyring/master-key";

/** A keyring whose data keys live as long as it does. */
export function memoryKeyring(): Keyring {
  const rows: DataKeyRow[] = [];
  const current = async (workspace: string) => rows.find((row) => row.workspace === workspace) ?? null;
  const store = {
    current,
    byId: async (id: string) => rows.find((row) => row.id === id) ?? null,
    insert: async (row: DataKeyRow) => {
      const winner = await current(row.workspace);
      if (!winner) rows.push(row);
      return winner ?? row;
    },
  };
  return openKeyring({ masterKeys: [localMasterKey(randomBytes(32))], store });
}

export const emptyDirectory = (): Promise<string> => mkdtemp(join(tmpdir(), "blobs-"));
export const removeDirectory = (path: string): Promise<void> => rm(path, { recursive: true, force: true });

/** Every file under a directory, as paths relative to it, sorted. */
export async function filesIn(directory: string): Promise<string[]> {
  const found = await readdir(directory, { recursive: true, withFileTypes: true });
  return found
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(directory.length + 1))
    .sort();
}
