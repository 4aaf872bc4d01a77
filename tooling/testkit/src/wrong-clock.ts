/** The setting that starts a process of ours whose clock is wrong by so many hours: everything that asks JavaScript what time it is. */
export function wrongClock(hours: number): { readonly NODE_OPTIONS: string } {
  const off = hours * 3_600_000;
  const source = `const Right = Date;
globalThis.Date = class Date extends Right {
  constructor(...given) { super(...(given.length ? given : [Right.now() + ${off}])); }
  static now() { return Right.now() + ${off}; }
};`;
  return { NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(source)}` };
}
