import { readdir, readFile, rm } from "node:fs/promises";
import { join, resolve } from "node:path";
import type { Keyring } from "@takosumi/keyring/envelope";
import type { Place } from "@takosumi/keyring/place";
import { storageError } from "./blob-error.ts";
import { incoming } from "./directory.ts";
import { checkShelf } from "./place.ts";
import { temporaryName } from "./process-mark.ts";
import { named, written } from "./whole-file.ts";

/** Small texts beside the blobs, one a Workspace, replaced whole. Sealed: a text of another Workspace or name does not open. */
export interface Notes {
  /** Null where there is none. Throws SealError for one that was changed or moved. */
  read(workspace: string): Promise<string | null>;
  write(workspace: string, text: string): Promise<void>;
  /** Every Workspace that has one. */
  all(): Promise<readonly string[]>;
}
interface NoteOptions {
  /** The one of the blobs. */
  readonly directory: string;
  /** What the notes are about: `[a-z]`. */
  readonly name: string;
  readonly keyring: Pick<Keyring, "seal" | "open">;
}

/** Notes as files `.notes/<name>/<workspace>`, mode 0600. */
export function diskNotes({ directory: given, name, keyring }: NoteOptions): Notes {
  const directory = resolve(given);
  const folder = join(directory, ".notes", name);
  const fileOf = (workspace: string): string => {
    checkShelf({ workspace, kind: "log" });
    return join(folder, workspace);
  };
  const placeOf = (workspace: string): Place => ({ table: "notes", workspace, row: name, field: "text" });
  const missing = (error: NodeJS.ErrnoException): null => {
    if (error.code === "ENOENT") return null;
    throw storageError(error, "reading");
  };
  return {
    async read(workspace) {
      const sealed = await readFile(fileOf(workspace), "utf8").catch(missing);
      return sealed === null ? null : (await keyring.open(placeOf(workspace), sealed)).toString("utf8");
    },
    async write(workspace, text) {
      const path = fileOf(workspace);
      const sealed = await keyring.seal(placeOf(workspace), text);
      const temporary = join(directory, incoming, await temporaryName());
      try {
        await written(temporary, (file) => file.writeFile(sealed));
        await named(temporary, path);
      } catch (error) {
        await rm(temporary, { force: true }).catch(() => {});
        throw storageError(error, "writing");
      }
    },
    all: async () => (await readdir(folder).catch(missing)) ?? [],
  };
}
