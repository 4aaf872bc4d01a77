import { defineConfig } from "vitest/config";

const root = new URL("../../", import.meta.url).pathname;

export default defineConfig({
  root,
  test: {
    include: ["packages/*/{src,test}/**/*.test.ts", "apps/*/{src,test}/**/*.test.ts", "tooling/*/{src,test}/**/*.test.ts"],
    globalSetup: ["tooling/testkit/src/global-setup.ts"],
    isolate: false,
    pool: "forks",
    testTimeout: 60_000,
    hookTimeout: 120_000,
  },
});
