import { defineConfig } from "vitest/config";

const root = new URL("../../", import.meta.url).pathname;

export default defineConfig({
  root,
  test: {
    include: ["packages/*/{src,test}/**/*.test.ts", "apps/*/{src,test}/**/*.test.ts", "tooling/*/{src,test}/**/*.test.ts"],
    globalSetup: ["tooling/testkit/src/global-setup.ts"],
    isolate: false,
    pool: "forks",
    // Most of them wait for other processes: with one core left free half of the time nothing happens.
    maxWorkers: 2,
    testTimeout: 60_000,
    hookTimeout: 120_000,
  },
});
