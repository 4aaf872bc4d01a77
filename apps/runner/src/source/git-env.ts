/** Settings that git reads from its environment: nothing of them stands in argv, in a file, or in a URL. */
export type GitConfig = readonly (readonly [name: string, value: string])[];

/** For every git that a Run starts: no prompt, no helper, no file of this machine, no program that a repository brings. */
export function gitEnv(config: GitConfig, more: Readonly<Record<string, string>> = {}): Record<string, string> {
  const entries = config.flatMap(([name, value], index): [string, string][] => [
    [`GIT_CONFIG_KEY_${index}`, name],
    [`GIT_CONFIG_VALUE_${index}`, value],
  ]);
  return {
    GIT_TERMINAL_PROMPT: "0",
    GIT_CONFIG_NOSYSTEM: "1",
    GIT_CONFIG_GLOBAL: "/dev/null",
    GIT_ATTR_NOSYSTEM: "1",
    GIT_CONFIG_COUNT: String(config.length),
    ...Object.fromEntries(entries),
    ...more,
  };
}

export const quiet: GitConfig = [
  ["credential.helper", ""],
  ["core.askPass", ""],
  ["core.hooksPath", "/dev/null"],
  ["core.fsmonitor", "false"],
];

/** The header that shows a token to one place: `user:token`, or a token alone under a name that every forge takes. */
export function authorization(origin: string, credential: string): readonly [string, string][] {
  const pair = credential.trim().includes(":") ? credential.trim() : `x-access-token:${credential.trim()}`;
  return [
    [`http.${origin}/.extraHeader`, `Authorization: Basic ${Buffer.from(pair).toString("base64")}`],
    // A token goes to nobody that its host points to.
    [`http.${origin}/.followRedirects`, "false"],
  ];
}
