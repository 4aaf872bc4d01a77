import type { Automaton, Sightings } from "./automaton.ts";

/** A stretch of a text that goes. Ranges are disjoint and in order. */
export interface Range {
  start: number;
  end: number;
  label: number;
  /** Its replacement is written already; more of it may still follow. */
  announced: boolean;
}

export const nothingSeen = (breaks: number[] = []): Sightings => ({ ends: [], nodes: [], breaksBefore: [], breaks });

/** Where the unit stands that has `units` units other than line breaks before it. */
export function positionOf(units: number, breaks: readonly number[]): number {
  let low = 0;
  let high = breaks.length;
  // The number of breaks before that unit: those with at most so many units before them.
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((breaks[middle] as number) - middle <= units) low = middle + 1;
    else high = middle;
  }
  return units + low;
}

/** Adds matches to ranges. Overlapping ones become one range, named by the match that begins first, and of those the longest. */
export function addMatches(ranges: Range[], { ends, nodes, breaksBefore, breaks }: Sightings, automaton: Automaton): void {
  for (const [at, end] of ends.entries()) {
    const node = nodes[at] as number;
    const start = positionOf(end - (breaksBefore[at] as number) - automaton.depthOf(node), breaks);
    let range: Range = { start, end, label: automaton.labelOf(node), announced: false };
    for (let last = ranges.at(-1); last && last.end > range.start; last = ranges.at(-1)) {
      ranges.pop();
      // Matches come in the order of their ends, so at one start the later is the longer.
      const { label, announced } = last.announced || last.start < range.start ? last : range;
      range = { start: Math.min(last.start, range.start), end: range.end, label, announced };
    }
    ranges.push(range);
  }
}
