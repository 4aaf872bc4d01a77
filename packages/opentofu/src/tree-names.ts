import { TofuError } from "./errors.ts";

type Kind = "file" | "directory" | "link";

/** One name in whatever case and form: two of them are one file on other systems. */
const folded = (path: string): string => path.normalize("NFC").toLowerCase();

/** The names of a tree as they come: none twice in any case, nothing below a file or a link, and not too many. */
export class TreeNames {
  readonly #kinds = new Map<string, { path: string; kind: Kind }>();
  readonly #most: number;

  constructor(mostEntries: number) {
    this.#most = mostEntries;
  }

  /** Takes a folder, which may stand there already, and answers those above and itself that are new, the outermost first. */
  folder(path: string): string[] {
    const parts = path.split("/");
    return parts.map((_, depth) => parts.slice(0, depth + 1).join("/")).filter((one) => this.#newFolder(one));
  }

  /** Takes a file or link, and answers the folders above it that are new. */
  leaf(path: string, kind: "file" | "link"): string[] {
    const above = path.includes("/") ? this.folder(path.slice(0, path.lastIndexOf("/"))) : [];
    const before = this.#kinds.get(folded(path));
    if (before) {
      const also = before.path === path ? "" : `, also as ${JSON.stringify(before.path)}`;
      throw new TofuError("bad_archive", `${JSON.stringify(path)} is there twice${also}.`, path);
    }
    this.#add(path, kind);
    return above;
  }

  #newFolder(path: string): boolean {
    const before = this.#kinds.get(folded(path));
    if (before?.kind === "directory" && before.path === path) return false;
    if (before) {
      const message = `${JSON.stringify(path)} is a folder, and ${JSON.stringify(before.path)} stands in the same place.`;
      throw new TofuError("bad_archive", message, path);
    }
    this.#add(path, "directory");
    return true;
  }

  #add(path: string, kind: Kind): void {
    if (this.#kinds.size >= this.#most) throw new TofuError("too_large", `There are more than ${this.#most} entries.`, path);
    this.#kinds.set(folded(path), { path, kind });
  }
}
