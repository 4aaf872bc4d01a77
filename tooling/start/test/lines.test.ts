import { done, failure, Problem, warning } from "@takosumi/start/lines";
import { expect, it } from "vitest";

it("aligns what was done, how long it took, and what to do about a problem", () => {
  expect(
    [
      done("dependencies", "1,214 packages", 41_200),
      done("first Run", 'plan, approve, apply\nhello = "applied by Takosumi"', 1_900),
      failure("api", new Problem("port 8787 is in use", "PORT=8788 npm start")),
      warning("sandbox", "no bubblewrap: Runs not isolated", "install bubblewrap"),
      failure("start", new Error("two\nlines")),
      failure("database", new Problem("a message that is longer than the column for it", "this")),
    ].join("\n"),
  ).toBe(`  ✓ dependencies  1,214 packages                  41.2s
  ✓ first Run     plan, approve, apply             1.9s
                  hello = "applied by Takosumi"
  ✗ api           port 8787 is in use                 fix: PORT=8788 npm start
  ! sandbox       no bubblewrap: Runs not isolated    fix: install bubblewrap
  ✗ start         two
                  lines
  ✗ database      a message that is longer than the column for it
                  fix: this`);
});
