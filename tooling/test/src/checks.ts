import { tool } from "./programs.ts";

export interface Check {
  readonly name: string;
  readonly about: string;
  readonly command: readonly [program: string, ...args: string[]];
}

/** What is checked without running the product. Each goes red by itself: a failure of one does not hide another. */
export const checks: readonly Check[] = [
  { name: "format", about: "biome", command: [tool("biome"), "check", "--error-on-warnings", "."] },
  { name: "lint", about: "oxlint, with types", command: [tool("oxlint")] },
  { name: "unused", about: "knip: files, exports, dependencies", command: [tool("knip"), "-c", ".config/knip.json", "--no-config-hints"] },
  { name: "boundaries", about: "turbo: only declared dependencies", command: [tool("turbo"), "boundaries", "--no-color"] },
  { name: "types", about: "tsc, strict", command: [tool("tsc"), "-p", "tooling/typescript"] },
];
