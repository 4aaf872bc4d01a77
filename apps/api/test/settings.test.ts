import { existsSync, readdirSync, readFileSync } from "node:fs";
import { settingNames } from "@takosumi/contracts/instance/setting-names";
import { settings } from "@takosumi/contracts/instance/settings";
import { describe, expect, it } from "vitest";

const root = new URL("../../../", import.meta.url);
const files = ["apps", "packages", "tooling"].flatMap((top) =>
  readdirSync(new URL(top, root))
    .map((name) => new URL(`${top}/${name}/src/env.ts`, root))
    .filter((file) => existsSync(file)),
);
const namesIn = (file: URL) => new Set(readFileSync(file, "utf8").match(/\bTAKOSUMI_[A-Z_]+\b/g));

describe("the table of settings", () => {
  it.each(files.map((file) => file.pathname.slice(root.pathname.length)))("lists everything that %s reads", (path) => {
    expect([...namesIn(new URL(path, root))].filter((name) => !settingNames.includes(name))).toEqual([]);
  });

  it.each(["api", "runner"] as const)("names nothing as read by the %s that it does not read", (app) => {
    const read = namesIn(new URL(`apps/${app}/src/env.ts`, root));
    const claimed = settings.filter(({ name, read_by }) => name.startsWith("TAKOSUMI_") && (read_by as readonly string[]).includes(app));
    expect(claimed.map(({ name }) => name).filter((name) => !read.has(name))).toEqual([]);
  });
});
