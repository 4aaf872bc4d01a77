import { parseEvent } from "./events.ts";
import type { ToolEvent } from "./types.ts";

/** A state dump is one line, so a line may be as large as a state; anything longer is passed over and said so. */
const LONGEST_LINE = 256 * 1024 * 1024;

/** Bytes of the JSON stream, in any pieces, to events. Multi-byte characters may be split; a line is parsed when it is whole. */
export class EventLines {
  #pieces: Buffer[] = [];
  #length = 0;
  #skipping = false;

  push(bytes: Buffer): ToolEvent[] {
    const events: ToolEvent[] = [];
    let from = 0;
    for (let end = bytes.indexOf(10); end !== -1; end = bytes.indexOf(10, from)) {
      if (this.#length === 0 && !this.#skipping) events.push(...parsed(bytes.toString("utf8", from, end)));
      else {
        this.#add(bytes.subarray(from, end));
        events.push(...this.#line());
      }
      from = end + 1;
    }
    this.#add(bytes.subarray(from));
    return events;
  }

  /** The last line, where the tool was killed before it ended it. */
  end(): ToolEvent[] {
    return this.#line();
  }

  #add(piece: Buffer): void {
    if (piece.length === 0 || this.#skipping) return;
    this.#length += piece.length;
    if (this.#length <= LONGEST_LINE) {
      // A copy: the caller may use its buffer again.
      this.#pieces.push(Buffer.from(piece));
      return;
    }
    this.#skipping = true;
    this.#pieces = [];
  }

  #line(): ToolEvent[] {
    const skipped = this.#skipping;
    const text = Buffer.concat(this.#pieces).toString("utf8");
    this.#pieces = [];
    this.#length = 0;
    this.#skipping = false;
    if (skipped) return [{ type: "log", level: "warn", text: "(a line of more than 256 MiB was left out)", at: null }];
    return parsed(text);
  }
}

function parsed(line: string): ToolEvent[] {
  const text = line.trim();
  return text === "" ? [] : [parseEvent(text)];
}
