import type { Place } from "./queue.ts";

const LONGEST_LINE = 1024 * 1024;
const DUMP_BEGINS = /^\s*"version": \d+,\s*$/;
export const DUMP_LEFT_OUT = "(the state that the tool printed here is kept apart and not logged)\n";

/**
 * Bytes of the tool's human output to text of whole lines, with the place that a later reader starts from. A state that the tool
 * prints because it cannot save it ("{", then "version") never becomes text: it holds every secret.
 */
export class LogLines {
  readonly #name: string;
  #rest: Buffer[] = [];
  #held = 0;
  #offset: number;
  #inside: boolean;
  /** The last text ended within a line. */
  #unfinished = false;

  constructor(name: string, from: { offset: number; memory?: string } = { offset: 0 }) {
    this.#name = name;
    this.#offset = from.offset;
    this.#inside = from.memory === "dump";
  }

  get offset(): number {
    return this.#offset;
  }

  /** Null where no line ended yet; a line that is very long comes in pieces, cut between characters. */
  push(bytes: Buffer): { text: string; place: Place } | null {
    if (!bytes.includes(10) && this.#held + bytes.length <= LONGEST_LINE) {
      this.#hold(bytes);
      return null;
    }
    const all = this.#held > 0 ? Buffer.concat([...this.#rest, bytes]) : bytes;
    let end = all.lastIndexOf(10) + 1;
    if (end === 0 && all.length > LONGEST_LINE) end = wholeCharacters(all);
    // A "{" alone may begin a state: the next line tells.
    if (end > 0 && !this.#inside && isBrace(all, end)) end -= 2;
    this.#rest = [];
    this.#held = 0;
    this.#hold(all.subarray(end));
    return end > 0 ? this.#taken(all.subarray(0, end)) : null;
  }

  /** What stands after the last line end, when the tool has ended. */
  end(): { text: string; place: Place } | null {
    const rest = Buffer.concat(this.#rest);
    this.#rest = [];
    this.#held = 0;
    const last = rest.length > 0 || this.#unfinished ? this.#taken(rest) : null;
    return last && this.#unfinished ? { ...last, text: `${last.text}\n` } : last;
  }

  /** A copy: the caller may use its buffer again. */
  #hold(bytes: Buffer): void {
    this.#held += bytes.length;
    if (bytes.length > 0) this.#rest.push(Buffer.from(bytes));
  }

  #taken(bytes: Buffer): { text: string; place: Place } | null {
    this.#offset += bytes.length;
    const text = this.#withoutState(bytes.toString("utf8"));
    if (text !== "") this.#unfinished = !text.endsWith("\n");
    return { text, place: { name: this.#name, offset: this.#offset, memory: this.#inside ? "dump" : "" } };
  }

  #withoutState(text: string): string {
    if (!this.#inside && !text.includes('"version":')) return text;
    const kept: string[] = [];
    const lines = text.split(/(?<=\n)/);
    for (let at = 0; at < lines.length; at++) {
      const line = lines[at] ?? "";
      if (this.#inside) {
        if (line.trimEnd() === "}" && !line.startsWith(" ")) this.#inside = false;
      } else if (line.trimEnd() === "{" && DUMP_BEGINS.test(lines[at + 1] ?? "")) {
        this.#inside = true;
        kept.push(DUMP_LEFT_OUT);
      } else kept.push(line);
    }
    return kept.join("");
  }
}

function isBrace(all: Buffer, end: number): boolean {
  return end >= 2 && all[end - 1] === 10 && all[end - 2] === 123 && (end === 2 || all[end - 3] === 10);
}

/** How many of these bytes are whole characters; what only looks like one is not waited for. */
function wholeCharacters(bytes: Buffer): number {
  for (let lead = bytes.length - 1; lead >= bytes.length - 4; lead--) {
    const byte = bytes[lead] ?? 0;
    if ((byte & 0xc0) === 0x80) continue;
    const width = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : byte >= 0xc0 ? 2 : 1;
    return lead + width > bytes.length ? lead : bytes.length;
  }
  return bytes.length;
}
