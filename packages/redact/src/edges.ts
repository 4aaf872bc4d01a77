/** Children of trie nodes beyond the first, as an open-addressed table: (node, code unit) -> node. Node 0 is never a child. */
export class Edges {
  #nodes = new Int32Array(1024).fill(-1);
  #units = new Uint16Array(1024);
  #children = new Int32Array(1024);
  #mask = 1023;
  #used = 0;

  get(node: number, unit: number): number {
    let at = (Math.imul(node, 0x9e3779b1) ^ Math.imul(unit, 0x85ebca6b)) & this.#mask;
    while (this.#nodes[at] !== -1) {
      if (this.#nodes[at] === node && this.#units[at] === unit) return this.#children[at] as number;
      at = (at + 1) & this.#mask;
    }
    return 0;
  }

  /** Adds an edge that is not there. */
  set(node: number, unit: number, child: number): void {
    if (this.#used * 2 >= this.#nodes.length) this.#grow();
    let at = (Math.imul(node, 0x9e3779b1) ^ Math.imul(unit, 0x85ebca6b)) & this.#mask;
    while (this.#nodes[at] !== -1) at = (at + 1) & this.#mask;
    this.#nodes[at] = node;
    this.#units[at] = unit;
    this.#children[at] = child;
    this.#used += 1;
  }

  #grow(): void {
    const [nodes, units, children] = [this.#nodes, this.#units, this.#children];
    const size = nodes.length * 2;
    this.#nodes = new Int32Array(size).fill(-1);
    this.#units = new Uint16Array(size);
    this.#children = new Int32Array(size);
    this.#mask = size - 1;
    this.#used = 0;
    for (const [at, node] of nodes.entries()) if (node !== -1) this.set(node, units[at] as number, children[at] as number);
  }
}
