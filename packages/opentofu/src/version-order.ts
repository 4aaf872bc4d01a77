/** Semantic version order, as far as tools need it: numbers, then a pre-release sorts before its release. */
export function compareVersions(a: string, b: string): number {
  const [left, right] = [split(a), split(b)];
  for (let i = 0; i < 3; i++) {
    const difference = (left.numbers[i] ?? 0) - (right.numbers[i] ?? 0);
    if (difference !== 0) return difference;
  }
  if (left.pre === right.pre) return 0;
  if (left.pre === "") return 1;
  if (right.pre === "") return -1;
  return left.pre < right.pre ? -1 : 1;
}

/** `1.12` is satisfied by every 1.12.x, `1.12.6` by itself alone. */
export function satisfies(version: string, wanted: string): boolean {
  return version === wanted || (/^\d+(\.\d+)?$/.test(wanted) && version.startsWith(`${wanted}.`) && !version.includes("-"));
}

function split(version: string): { numbers: number[]; pre: string } {
  const [core = "", ...pre] = version.replace(/^v/, "").split("+")[0]?.split("-") ?? [];
  return { numbers: core.split(".").map(Number), pre: pre.join("-") };
}
