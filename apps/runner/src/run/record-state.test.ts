import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Seen } from "../events/tool-events.ts";
import { goodBytes } from "./checkpoints.ts";
import { findState } from "./record-state.ts";

const base = { lineage: "l-1", serial: 4 };
const state = (serial: number, lineage = base.lineage) =>
  Buffer.from(JSON.stringify({ version: 4, serial, lineage, outputs: {}, resources: [] }));
const failed = { code: 1, signal: null };
const unwritten = {
  type: "diagnostic",
  severity: "error",
  summary: "Failed to save state",
  detail: "",
  address: null,
  file: null,
  line: null,
  column: null,
  snippet: null,
  at: null,
} as const;
const begun = {
  type: "resource",
  address: "a.b",
  action: "create",
  state: "started",
  id: null,
  elapsed_s: null,
  text: "",
  at: null,
} as const;
const seen = (...events: Parameters<Seen["take"]>[0][]) => {
  const made = new Seen();
  for (const event of events) made.take(event);
  return made;
};

describe("the state after an apply", () => {
  let dir: string;
  const at = () => ({ io: dir, moduleDir: join(dir), base });
  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), "state-test-"));
  });
  afterEach(() => rm(dir, { recursive: true }));
  const write = (name: string, bytes: Buffer) => writeFile(join(dir, name), bytes);

  it("is taken from the printed dump before any file", async () => {
    await write("errored.tfstate", state(8));
    await write("state.tfstate", state(7));
    const found = await findState(
      at(),
      failed,
      seen(begun, unwritten, { type: "state_dump", state: state(9).toString() }),
      goodBytes(state(6), base),
    );
    expect(found).toMatchObject({ unsaved: null, state: { serial: 9 } });
  });

  it("then from errored.tfstate", async () => {
    await write("errored.tfstate", state(8));
    await write("state.tfstate", state(7));
    expect(await findState(at(), failed, seen(begun, unwritten), null)).toMatchObject({ unsaved: null, state: { serial: 8 } });
  });

  it("then from the state file, where the tool did not say that it could not write it", async () => {
    await write("state.tfstate", state(7));
    expect(await findState(at(), failed, seen(begun), goodBytes(state(6), base))).toMatchObject({ unsaved: null, state: { serial: 7 } });
    expect(await findState(at(), failed, seen(begun, unwritten), null)).toMatchObject({
      unsaved: expect.stringContaining("could not save"),
      state: { serial: 7 },
    });
  });

  it("is the last checkpoint where the file is torn or older, and a person must look", async () => {
    await write("state.tfstate", state(7).subarray(0, 20));
    expect(await findState(at(), failed, seen(begun), goodBytes(state(6), base))).toMatchObject({
      unsaved: expect.stringContaining("damaged"),
      state: { serial: 6 },
    });
    expect(await findState(at(), failed, seen(begun), null)).toMatchObject({
      unsaved: expect.stringContaining("no checkpoint"),
      state: null,
    });
  });

  it("never is another lineage's or an older one", async () => {
    await write("state.tfstate", state(9, "l-2"));
    await write("errored.tfstate", state(3));
    expect(await findState(at(), failed, seen(begun), null)).toMatchObject({ state: null });
  });

  it("is not known where the tool was killed in the middle of a change", async () => {
    await write("state.tfstate", state(7));
    const killed = { code: 137, signal: "SIGKILL" };
    expect(await findState(at(), killed, seen(begun), null)).toMatchObject({
      unsaved: expect.stringContaining("killed"),
      state: { serial: 7 },
    });
    expect(await findState(at(), killed, seen(), null)).toMatchObject({ unsaved: null });
  });
});
