import { afterAll, beforeAll } from "vitest";
import { startApi, type TestApi } from "./api.ts";
import { deployOn } from "./deploy.ts";
import { startRunner, type TestRunner } from "./runner.ts";

export interface AtWork {
  api: TestApi;
  runner: TestRunner;
  user: ReturnType<typeof deployOn>;
}

/** An api, one runner, and somebody who works on them: started for the tests of the suite that asks, and ended with it. */
export function atWork(): AtWork {
  const on = {} as AtWork;
  beforeAll(async () => {
    on.api = await startApi();
    on.runner = await startRunner(on.api);
    on.user = deployOn(on.api.call);
  });
  afterAll(async () => {
    await on.runner?.close();
    await on.api?.close();
  });
  return on;
}
