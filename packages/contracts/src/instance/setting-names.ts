import { type Setting, settings } from "./settings.ts";

const table: readonly Setting[] = settings;
/** Every name that the environment may use, `_FILE` variants included. */
export const settingNames: readonly string[] = table.flatMap(({ name, secret }) => (secret ? [name, `${name}_FILE`] : [name]));
const known = new Set(settingNames);

export interface UnknownSetting {
  readonly name: string;
  /** The known name that is closest; null where none is close. */
  readonly nearest: string | null;
}

/** The `TAKOSUMI_…` names among these that nothing reads. */
export const unknownSettings = (names: Iterable<string>): UnknownSetting[] =>
  [...names]
    .filter((name) => name.startsWith("TAKOSUMI_") && !known.has(name))
    .sort()
    .map((name) => ({ name, nearest: nearestSetting(name) }));

export function nearestSetting(name: string): string | null {
  const scored = settingNames.map((candidate) => ({ candidate, distance: editDistance(name.slice(0, 100), candidate) }));
  const best = scored.reduce((a, b) => (b.distance < a.distance ? b : a));
  return best.distance <= Math.max(3, Math.floor(best.candidate.length / 3)) ? best.candidate : null;
}

/** "TAKOSUMI_DATADIR is not a setting. Did you mean TAKOSUMI_DATA_DIR?" */
export const unknownSettingMessage = ({ name, nearest }: UnknownSetting): string =>
  `${name} is not a setting.${nearest ? ` Did you mean ${nearest}?` : " The README lists all of them."}`;

/** Insertions, deletions, replacements and swaps of neighbours that lead from one text to the other. */
export function editDistance(a: string, b: string): number {
  let before: number[] = [];
  let above = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1];
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      const steps = [
        at(above, j) + 1,
        at(row, j - 1) + 1,
        at(above, j - 1) + (same ? 0 : 1),
        swapped ? at(before, j - 2) + 1 : Number.POSITIVE_INFINITY,
      ];
      row.push(Math.min(...steps));
    }
    before = above;
    above = row;
  }
  return at(above, b.length);
}
const at = (row: readonly number[], index: number): number => row[index] ?? Number.POSITIVE_INFINITY;
