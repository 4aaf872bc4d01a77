import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { readLaunch } from "../src/env.ts";
import { scratch } from "./scratch.ts";

it("has a default for everything", () => {
  expect(readLaunch({})).toMatchObject({
    port: 8787,
    host: "127.0.0.1",
    url: "http://127.0.0.1:8787",
    databaseUrl: null,
    quickstart: true,
  });
});

it("refuses a misspelt setting and names the nearest", () => {
  expect(() => readLaunch({ TAKOSUMI_DATADIR: "x" })).toThrow("TAKOSUMI_DATADIR is not a setting. Did you mean TAKOSUMI_DATA_DIR?");
});

it("names every variable that is wrong, and no value", () => {
  const read = () =>
    readLaunch({ PORT: "0", DATABASE_URL: "mysql://u:s3cret@h/d", TAKOSUMI_BOOTSTRAP_TOKEN: "s3cret", TAKOSUMI_QUICKSTART: "s3cret" });
  expect(read).toThrow(/PORT.*\n.*DATABASE_URL.*\n.*TAKOSUMI_BOOTSTRAP_TOKEN.*\n.*TAKOSUMI_QUICKSTART/s);
  expect(read).not.toThrow(/s3cret/);
});

it("takes an empty variable as an unset one", () => {
  expect(readLaunch({ PORT: "", DATABASE_URL: " " })).toMatchObject({ port: 8787, databaseUrl: null });
});

it("reads a secret from a file, but not from two places", () => {
  const file = join(scratch(), "url");
  writeFileSync(file, "postgres://u@h/d\n");
  expect(readLaunch({ DATABASE_URL_FILE: file }).databaseUrl).toBe("postgres://u@h/d");
  expect(() => readLaunch({ DATABASE_URL_FILE: file, DATABASE_URL: "postgres://u@h/d" })).toThrow("both set");
  expect(() => readLaunch({ DATABASE_URL_FILE: `${file}.absent` })).toThrow("ENOENT");
});

it("reaches an api that listens on every address over the loopback", () => {
  expect(readLaunch({ HOST: "0.0.0.0", PORT: "1" }).url).toBe("http://127.0.0.1:1");
  expect(readLaunch({ HOST: "::1", PORT: "1" }).url).toBe("http://[::1]:1");
});

it("gives each child only what it reads: a runner has neither database nor master key", () => {
  const given = {
    PATH: "/bin",
    https_proxy: "http://p",
    AWS_SECRET_ACCESS_KEY: "x",
    DATABASE_URL: "postgres://u@h/d",
    TAKOSUMI_MASTER_KEY: "k",
    TAKOSUMI_MASTER_KEY_FILE: "f",
    TAKOSUMI_RUNNER_SLOTS: "3",
    TAKOSUMI_RATE_LIMIT: "7",
  };
  const launch = readLaunch(given);
  expect(launch.childEnv("runner")).toEqual({ PATH: "/bin", https_proxy: "http://p", TAKOSUMI_RUNNER_SLOTS: "3" });
  const { AWS_SECRET_ACCESS_KEY: _aws, TAKOSUMI_RUNNER_SLOTS: _slots, ...api } = given;
  expect(launch.childEnv("api")).toEqual(api);
});
