import { expect, it } from "vitest";
import { clients } from "../src/clients.ts";

it("others are served beside clients that are idle, slow, too large or deaf", { timeout: 120_000 }, async () => {
  expect((await clients(500, 20, false)).problems).toEqual([]);
});
