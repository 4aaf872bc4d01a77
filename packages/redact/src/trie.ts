import { Edges } from "./edges.ts";

/**
 * All patterns as one trie with failure links (Aho-Corasick), in flat arrays.
 * Node 0 is the root, nodes 1 to `shallow` are those of depth 1; they have dense rows in the automaton.
 * A deeper node's first child is the node behind it, for the unit `first`; further children are edges. `more` says there are some.
 */
export interface Trie {
  readonly shallow: number;
  readonly first: Int32Array;
  readonly more: Uint8Array;
  readonly edges: Edges;
  /** The node of the longest proper suffix that is in the trie. */
  readonly fail: Int32Array;
  readonly depth: Int32Array;
  /** The node of the longest pattern that ends here, or 0. */
  readonly hit: Int32Array;
  /** What each pattern's last node stands for. */
  readonly labels: ReadonlyMap<number, number>;
}

/** Patterns are of two units or more. */
export function buildTrie(patterns: ReadonlyMap<string, number>): Trie {
  const edges = new Edges();
  let size = 1;
  let count = 1;
  for (const pattern of patterns.keys()) {
    size += pattern.length;
    const unit = pattern.charCodeAt(0);
    if (edges.get(0, unit) === 0) edges.set(0, unit, count++);
  }
  const shallow = count - 1;
  const first = new Int32Array(size).fill(-1);
  const more = new Uint8Array(size);
  const parent = new Int32Array(size);
  const unitOf = new Uint16Array(size);
  const depth = new Int32Array(size).fill(1, 1, count);
  const labels = new Map<number, number>();

  for (const [pattern, label] of patterns) {
    let node = edges.get(0, pattern.charCodeAt(0));
    for (let at = 1; at < pattern.length; at += 1) {
      const unit = pattern.charCodeAt(at);
      let child = first[node] === unit ? node + 1 : edges.get(node, unit);
      if (child === 0) {
        child = count++;
        parent[child] = node;
        unitOf[child] = unit;
        depth[child] = at + 1;
        if (node > shallow && child === node + 1) first[node] = unit;
        else {
          edges.set(node, unit, child);
          more[node] = 1;
        }
      }
      node = child;
    }
    labels.set(node, label);
  }

  const fail = new Int32Array(count);
  const hit = new Int32Array(count);
  const childOf = (node: number, unit: number) => (first[node] === unit ? node + 1 : edges.get(node, unit));
  for (const node of byDepth(depth.subarray(0, count))) {
    if (node > shallow) {
      let suffix = fail[parent[node] as number] as number;
      let child = childOf(suffix, unitOf[node] as number);
      while (child === 0 && suffix !== 0) {
        suffix = fail[suffix] as number;
        child = childOf(suffix, unitOf[node] as number);
      }
      fail[node] = child;
    }
    hit[node] = labels.has(node) ? node : (hit[fail[node] as number] as number);
  }
  return { shallow, first: first.slice(0, count), more: more.slice(0, count), edges, fail, depth: depth.slice(0, count), hit, labels };
}

/** Node numbers in the order of their depth: a counting sort. */
function byDepth(depth: Int32Array): Int32Array {
  const starts: number[] = [];
  for (const value of depth) starts[value + 1] = (starts[value + 1] ?? 0) + 1;
  for (let at = 0; at < starts.length; at += 1) starts[at] = (starts[at] ?? 0) + (starts[at - 1] ?? 0);
  const order = new Int32Array(depth.length);
  for (const [node, value] of depth.entries()) {
    const at = starts[value] ?? 0;
    order[at] = node;
    starts[value] = at + 1;
  }
  return order;
}
