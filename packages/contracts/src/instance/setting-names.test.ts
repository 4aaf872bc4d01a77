import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { editDistance, nearestSetting, settingNames, unknownSettingMessage, unknownSettings } from "./setting-names.ts";
import { settings } from "./settings.ts";

describe("names of settings", () => {
  it("takes every listed name, and the file of a secret", () => {
    expect(unknownSettings(settingNames)).toEqual([]);
    expect(settingNames).toContain("TAKOSUMI_MASTER_KEY_FILE");
    expect(settingNames).not.toContain("TAKOSUMI_DATA_DIR_FILE");
  });

  it("lists no name twice", () => {
    expect(new Set(settingNames).size).toBe(settingNames.length);
    expect(settings.every(({ about }) => about.endsWith("."))).toBe(true);
  });

  it.each([
    ["TAKOSUMI_DATADIR", "TAKOSUMI_DATA_DIR"],
    ["TAKOSUMI_MASTERKEY_FILE", "TAKOSUMI_MASTER_KEY_FILE"],
    ["TAKOSUMI_RATELIMIT", "TAKOSUMI_RATE_LIMIT"],
    ["TAKOSUMI_LOG_LEVLE", "TAKOSUMI_LOG_LEVEL"],
  ])("%s is meant as %s", (given, meant) => {
    expect(nearestSetting(given)).toBe(meant);
    expect(unknownSettings([given, "PATH"])).toEqual([{ name: given, nearest: meant }]);
  });

  it("suggests nothing for what resembles nothing", () => {
    expect(
      unknownSettingMessage({ name: "TAKOSUMI_ZZZZZZZZZZZZZZZZZZZZ", nearest: nearestSetting("TAKOSUMI_ZZZZZZZZZZZZZZZZZZZZ") }),
    ).not.toContain("mean");
  });

  it("counts single edits as one", () => {
    fc.assert(
      fc.property(fc.string({ minLength: 2, maxLength: 12 }), fc.nat(11), fc.constantFrom("drop", "add", "swap"), (text, at, edit) => {
        const i = at % (text.length - 1);
        const edited =
          edit === "drop"
            ? text.slice(0, i) + text.slice(i + 1)
            : edit === "add"
              ? `${text.slice(0, i)}\u0001${text.slice(i)}`
              : text.slice(0, i) + text[i + 1] + text[i] + text.slice(i + 2);
        expect(editDistance(text, edited)).toBe(text === edited ? 0 : 1);
        expect(editDistance(edited, text)).toBe(editDistance(text, edited));
      }),
    );
  });
});
