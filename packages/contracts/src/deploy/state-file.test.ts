import { expect, it } from "vitest";
import { emptyState } from "../runner/empty-state.ts";
import { parseStateFile, stateFile } from "./state-file.ts";

const bytes = (state: object) => Buffer.from(JSON.stringify({ version: 4, lineage: "l", serial: 3, resources: [], ...state }));
const problem = (given: Buffer | string) => {
  const parsed = parseStateFile(Buffer.from(given));
  return "problem" in parsed ? parsed.problem : null;
};

it("counts managed instances and hides sensitive outputs", () => {
  const state = bytes({
    terraform_version: "1.12.6",
    outputs: { a: { value: 1, type: "number" }, b: { value: "hidden-value", type: "string", sensitive: true } },
    resources: [
      { mode: "managed", instances: [{}, {}] },
      { mode: "data", instances: [{}] },
    ],
  });
  expect(stateFile(state)).toEqual({
    lineage: "l",
    serial: 3,
    terraform_version: "1.12.6",
    encrypted: false,
    resource_count: 2,
    outputs: [
      { name: "a", type: "number", value: 1, sensitive: false },
      { name: "b", type: "string", value: null, sensitive: true },
    ],
  });
  expect(stateFile(Buffer.from(emptyState("l")))).toMatchObject({ lineage: "l", serial: 0, resource_count: 0 });
});

it("knows of an encrypted state whose it is, and nothing more", () => {
  const encrypted = Buffer.from('{"lineage":"l","serial":3,"encrypted_data":"x","meta":{}}');
  expect(stateFile(encrypted)).toMatchObject({ lineage: "l", serial: 3, encrypted: true, resource_count: null, outputs: [] });
});

it("takes no part of a state for a state", () => {
  const good = bytes({ serial: 4, outputs: { a: { value: "ü" } }, resources: [{ mode: "managed", instances: [{}] }] });
  for (let length = 0; length < good.length; length++) expect(stateFile(good.subarray(0, length))).toBeNull();
});

it.each([
  ["null", "not a state file"],
  ["[]", "not a state file"],
  ['"text"', "not a state file"],
  [Buffer.from([0x7b, 0xff, 0x7d]), "not a state file"],
  [bytes({ outputs: { a: null } }), "not a state file"],
  [bytes({ outputs: "x" }), "not a state file"],
  [bytes({ version: 3 }), "version 3"],
  [bytes({ version: "4" }), "version unknown"],
  [bytes({ lineage: "" }), "no lineage"],
  [bytes({ lineage: 1 }), "no lineage"],
  [bytes({ lineage: "x".repeat(200) }), "no lineage"],
  [bytes({ serial: "4" }), "no serial"],
  [bytes({ serial: -1 }), "no serial"],
  [bytes({ serial: 1.5 }), "no serial"],
  [bytes({ resources: {} }), "no list of resources"],
  [bytes({ resources: null }), "no list of resources"],
])("says what is wrong with %s", (given, word) => {
  expect(problem(given)).toContain(word);
});

it("reads whatever stands in a list of resources", () => {
  const odd = [null, 1, { mode: "managed" }, { mode: "managed", instances: [1] }];
  expect(stateFile(bytes({ resources: odd }))).toMatchObject({ resource_count: 1 });
});
