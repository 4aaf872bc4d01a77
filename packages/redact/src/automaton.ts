import { Skip } from "./skip.ts";
import { buildTrie, type Trie } from "./trie.ts";

/** More line breaks in a row than this end a match: what is held back stays bounded. */
const maxBreaks = 8;
const ascii = 128;
const lineFeed = 10;
const carriageReturn = 13;

/** Where a scan stands between two pieces of a text. */
export interface Cursor {
  /** The node of the longest end of the text that begins a pattern. */
  node: number;
  /** Line breaks since the last other unit. */
  breaks: number;
}

/** What a scan saw: for each match its end, the pattern's node, and how many breaks stand before its end; and where all breaks are. */
export interface Sightings {
  readonly ends: number[];
  readonly nodes: number[];
  readonly breaksBefore: number[];
  readonly breaks: number[];
}

/**
 * Finds every pattern in a text, in one pass over its UTF-16 units. Line breaks are looked through: a pattern holds none, and is
 * found also where the text has broken it into lines, of any width.
 */
export class Automaton {
  readonly #trie: Trie;
  /** Next node for each shallow node and ASCII unit. */
  readonly #dense: Int32Array;
  readonly #skip: Skip;

  constructor(patterns: ReadonlyMap<string, number>) {
    const { shallow, edges } = (this.#trie = buildTrie(patterns));
    this.#skip = new Skip(patterns.keys());
    this.#dense = new Int32Array((shallow + 1) * ascii);
    for (let node = 0; node <= shallow; node += 1) {
      for (let unit = 0; unit < ascii; unit += 1) this.#dense[node * ascii + unit] = edges.get(node, unit) || edges.get(0, unit);
    }
  }

  depthOf = (node: number): number => this.#trie.depth[node] as number;
  /** How much of the text before a cursor may still become part of a match. */
  openOf(node: number): number {
    const { first, more, fail, shallow } = this.#trie;
    let open = node;
    // Nothing goes on behind the end of a pattern that begins no longer one: only its own ends do.
    while (open > shallow && first[open] === -1 && more[open] === 0) open = fail[open] as number;
    return this.depthOf(open);
  }

  labelOf = (node: number): number => this.#trie.labels.get(node) as number;

  scan(text: string, from: number, cursor: Cursor, { ends, nodes, breaksBefore, breaks }: Sightings): void {
    const { shallow, first, more, edges, fail, hit } = this.#trie;
    const dense = this.#dense;
    let { node, breaks: run } = cursor;
    const skip = this.#skip;
    let feed = -1;
    let carriage = -1;
    for (let at = from; at < text.length; at += 1) {
      // With nothing matched, or one unit that stands right before, go on at the next place where a pattern may begin.
      if (node === 0 || (node <= shallow && run === 0 && at > from)) {
        if (feed < at) feed = indexOrEnd(text, "\n", at);
        if (carriage < at) carriage = indexOrEnd(text, "\r", at);
        const start = node === 0 ? at : at - 1;
        const place = skip.next(text, start, feed < carriage ? feed : carriage);
        if (place > start) {
          node = 0;
          run = 0;
          at = place;
        }
      }
      const unit = text.charCodeAt(at);
      if (unit === lineFeed || unit === carriageReturn) {
        breaks.push(at);
        run += 1;
        if (run > maxBreaks) node = 0;
        continue;
      }
      run = 0;
      let suffix = node;
      let next = 0;
      while (suffix > shallow && next === 0) {
        if (first[suffix] === unit) next = suffix + 1;
        else {
          if (more[suffix] === 1) next = edges.get(suffix, unit);
          if (next === 0) suffix = fail[suffix] as number;
        }
      }
      if (next === 0) next = unit < ascii ? (dense[suffix * ascii + unit] as number) : edges.get(suffix, unit) || edges.get(0, unit);
      node = next;
      if (hit[node] === 0) continue;
      ends.push(at + 1);
      nodes.push(hit[node] as number);
      breaksBefore.push(breaks.length);
    }
    cursor.node = node;
    cursor.breaks = run;
  }
}

function indexOrEnd(text: string, sign: string, from: number): number {
  const at = text.indexOf(sign, from);
  return at < 0 ? text.length : at;
}
