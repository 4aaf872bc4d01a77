import { TofuError } from "../errors.ts";
import { sortedEntries, type TreeEntry, treeEntry } from "../tar-form.ts";
import { TreeNames } from "../tree-names.ts";
import { takenPath } from "../tree-paths.ts";
import { type SourceLimits, sourceLimits } from "./limits.ts";
import { IGNORE_BYTES, IGNORE_FILE, ignoredPaths } from "./terraformignore.ts";

/** A source as it is packed, its folders among the entries. */
export interface Gathered {
  readonly entries: readonly TreeEntry[];
  /** Files and links, in order. */
  readonly paths: readonly string[];
  /** How many were left out: `.git`, `.terraform`, and what `.terraformignore` names. */
  readonly ignored: number;
}
const sizeText = (bytes: number): string => (bytes >= 1 << 20 ? `${bytes >> 20} MiB` : `${bytes} bytes`);
type Found = TreeEntry & { readonly size: number };

/**
 * The files of a stranger's archive or repository, one by one. Hostile by assumption: names are checked, none stands twice in any case,
 * nothing lies below a file, and every limit is counted before anything is read. Empty folders are no part of a source: git has none.
 */
export class Gathering {
  readonly #names: TreeNames;
  readonly #limits: SourceLimits;
  readonly #found: Found[] = [];
  #ignored = 0;
  #bytes = 0;

  constructor(limits: SourceLimits = sourceLimits) {
    this.#limits = limits;
    this.#names = new TreeNames(limits.entries);
  }

  /** The path of an entry whose body is worth reading; null for one that is left out, and for the tree itself. `bad_path` names it. */
  take(name: string): string | null {
    // `tar -C dir .` writes "./" before every name; the tree itself is its first entry.
    const path = name.replace(/^(\.\/)+/, "").replace(/\/+$/, "");
    if ((path === "" || path === ".") && /^\.?\/|^\.$/.test(name)) return null;
    const taken = takenPath(path);
    if (taken === null) this.#ignored++;
    return taken;
  }

  folder(path: string): void {
    this.#names.folder(path);
  }

  /** Counts bytes before they are kept: `too_large` naming the file that is one too many. */
  spend(path: string, bytes: number): void {
    this.#bytes += bytes;
    if (this.#bytes > this.#limits.bytes)
      throw new TofuError(
        "too_large",
        `The files are more than ${sizeText(this.#limits.bytes)}: ${JSON.stringify(path)} is one too many.`,
        path,
      );
  }

  file(path: string, executable: boolean, size: number, chunks: () => AsyncIterable<Uint8Array>): void {
    this.#names.leaf(path, "file");
    this.#found.push({ ...treeEntry(path, "file"), executable, size, open: async () => ({ size, chunks: chunks() }) });
  }

  link(path: string, target: string): void {
    this.#names.leaf(path, "link");
    this.#found.push({ ...treeEntry(path, "link"), target, size: 0 });
  }

  async done(): Promise<Gathered> {
    const left = await this.#leftOut();
    const kept = this.#found.filter(({ path }) => !left.has(path));
    if (kept.length === 0) {
      const why = this.#found.length > 0 ? `${IGNORE_FILE} leaves out every file` : "there is no file in it";
      throw new TofuError("bad_archive", `The source is empty: ${why}.`);
    }
    const folders = new Set<string>();
    for (const { path } of kept)
      for (let at = path.lastIndexOf("/"); at > 0 && !folders.has(path.slice(0, at)); at = path.lastIndexOf("/", at - 1))
        folders.add(path.slice(0, at));
    const entries = sortedEntries([...kept, ...[...folders].map((path) => treeEntry(path, "directory"))]);
    const paths = entries.filter(({ kind }) => kind !== "directory").map(({ path }) => path);
    return { entries, paths, ignored: this.#ignored + left.size };
  }

  async #leftOut(): Promise<ReadonlySet<string>> {
    const rules = this.#found.find(({ path, kind }) => path === IGNORE_FILE && kind === "file");
    if (!rules) return new Set();
    if (rules.size > IGNORE_BYTES)
      throw new TofuError("bad_archive", `${IGNORE_FILE} is larger than ${IGNORE_BYTES >> 10} KiB.`, IGNORE_FILE);
    const { chunks } = await rules.open();
    const parts: Uint8Array[] = [];
    for await (const chunk of chunks) parts.push(chunk);
    const text = Buffer.concat(parts).toString("utf8");
    return ignoredPaths(
      text,
      this.#found.map(({ path }) => path),
    );
  }
}
