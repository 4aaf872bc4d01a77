import { TofuError } from "../errors.ts";

const kinds: Readonly<Record<string, string>> = {
  symlink: "a symbolic link: pack what it points to (tar --dereference, zip without -y)",
  link: "a hard link: pack the file itself (tar --hard-dereference)",
  fifo: "a pipe",
  socket: "a socket",
  "block-device": "a device",
  "character-device": "a device",
};

/** The refusal of an entry that is neither file nor folder. */
export function unwanted(path: string, kind: string | null): TofuError {
  const what = kinds[kind ?? ""] ?? "of a kind that is not known here";
  return new TofuError("bad_archive", `${JSON.stringify(path)} is ${what}. An archive may hold files and folders, nothing else.`, path);
}

/** What a parser's error means: the bytes are no archive. Our own refusals, and failures of the disk, stay what they are. */
export function unreadable(error: unknown): unknown {
  if (error instanceof TofuError || (error instanceof Error && "syscall" in error)) return error;
  const said = error instanceof Error ? error.message : String(error);
  return new TofuError("bad_archive", `The archive is cut off or damaged: ${said.slice(0, 200)}.`);
}
