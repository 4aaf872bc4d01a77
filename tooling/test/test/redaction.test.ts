import { atWork } from "@takosumi/testkit/at-work";
import { type Run } from "@takosumi/testkit/deploy";
import { Leaks } from "@takosumi/testkit/leaks";
import { randomSecrets, spellings } from "@takosumi/testkit/spellings";
import { tools } from "@takosumi/testkit/tools";
import { describe, expect, it } from "vitest";

const visible = `visible-${Date.now().toString(36)}`;
/** Parts of a form that stand on lines of their own are as bad as the whole. */
const partsOf = (form: string): string[] => [form, ...form.split(/[\r\n]+/).filter((line) => line.trim().length >= 20)];

/** Twenty secrets, in every place that a Run gets secrets from. Two are known to nobody before the tool masks them. */
const secrets = randomSecrets();
const given = {
  sensitive: secrets.slice(0, 6),
  ofSecrets: secrets.slice(6, 10),
  env: [...secrets.slice(10, 13), secrets[18] as string],
  connection: [...secrets.slice(13, 15), secrets[19] as string],
  ofRun: secrets.slice(15, 16),
  attribute: secrets.slice(16, 17),
  output: secrets.slice(17, 18),
};
/** What each secret looks like wherever a program could have written it, as the module ships it. */
const spelled = secrets.map((value) => Object.values(spellings(value)));
const forms = new Map(
  secrets.flatMap((_, at) =>
    (spelled[at] ?? []).flatMap((form, which) =>
      partsOf(form).flatMap((part, line) =>
        [part, JSON.stringify(part).slice(1, -1)].map((text, escaped) => [`secret ${at}, form ${which}.${line}.${escaped}`, text] as const),
      ),
    ),
  ),
);
/** An output that the module says is not sensitive is shown: of what only the tool masks elsewhere, and the Run was never given. */
const wanted = (found: string): boolean => !/^(?:outputs|state_versions\.outputs) holds secret 1[67],/.test(found);
const shipped = Object.fromEntries(spelled.map((all, at) => [`forms/${at}.txt`, all.map((form) => `${visible} ${form} .\n`).join("")]));
const names = (kind: string, values: readonly string[]) => values.map((_, at) => `${kind}${at}`);
const declared = [...names("sensitive", given.sensitive), ...names("secret", given.ofSecrets), ...names("run", given.ofRun)]
  .map((name) => `variable "${name}" {}\n`)
  .join("");
const required = 'terraform {\n  required_providers {\n    time = { source = "hashicorp/time" }\n  }\n}\n';
const masked = `resource "terraform_data" "masked" { input = sensitive(jsondecode(file("attribute.json"))) }
output "masked" {
  value     = jsondecode(file("output.json"))
  sensitive = true
}
`;
const all = 'join("", [for f in sort(fileset("forms", "*.txt")) : file("forms/${f}")])';
const telling = `${masked}
resource "terraform_data" "shown" {
  input = ${all}
  provisioner "local-exec" { command = "cat forms/*.txt; cat forms/*.txt >&2; env" }
}
output "told" { value = ${all} }
output "keys" { value = { (${all}) = "a key" } }
`;
const failing = `${masked}
resource "terraform_data" "fails" {
  depends_on = [terraform_data.masked]
  provisioner "local-exec" { command = "cat forms/*.txt >&2; exit 3" }
}
`;
const refused = `${masked}
resource "terraform_data" "never" {
  lifecycle {
    precondition {
      condition     = length(terraform_data.masked.input) == 0
      error_message = "never, for ${"$"}{${all}}"
    }
  }
}
`;

if (tools.tofu && tools.mirror)
  describe("twenty secrets, in every form, printed in every way", () => {
    const runs: Run[] = [];
    const leaks = new Leaks({}, Object.fromEntries(forms));
    const control = new Leaks({}, { visible });
    const on = atWork();

    it("are told by a plan, an apply, a failed apply and a refused plan", async () => {
      const connection = {
        name: "c",
        provider: "hashicorp/time",
        recipe: { id: "generic-env" },
        values: Object.fromEntries(given.connection.map((value, at) => [`CONN_${at}`, value])),
      };
      const { id: connection_id } = (await on.user.ok("POST", "/api/connections", connection)).connection;
      const stored = await Promise.all(
        given.ofSecrets.map(
          async (value, at) => (await on.user.ok("POST", "/api/secrets", { name: `S_${at}`, value })).secret.id as string,
        ),
      );
      const variables = [
        ...given.sensitive.map((value, at) => ({ name: `sensitive${at}`, value, sensitive: true })),
        ...stored.map((secret_id, at) => ({ name: `secret${at}`, secret_id })),
        ...given.env.map((value, at) => ({ name: `ENV_${at}`, kind: "env", value, sensitive: true })),
      ];
      const json = { "attribute.json": JSON.stringify(given.attribute[0]), "output.json": JSON.stringify(given.output[0]) };
      const ofRun = given.ofRun.map((value, at) => ({ name: `run${at}`, value, sensitive: true }));
      const planned = async (text: string): Promise<Run> => {
        const files = { "main.tf": required + declared + text, ...shipped, ...json };
        const capsule = await on.user.capsule(files, { variables, provider_bindings: [{ provider: "hashicorp/time", connection_id }] });
        const run = await on.user.plan(capsule, { variables: ofRun });
        runs.push(run);
        return run;
      };
      const ended: string[] = [];
      for (const text of [telling, failing, refused]) {
        const plan = await planned(text);
        if (plan.status === "planned") runs.push(await on.user.approve(plan));
        ended.push(`${runs.at(-1).kind} ${runs.at(-1).status}`);
      }
      expect(ended, JSON.stringify(runs.map(({ error }) => error?.message)).slice(0, 2_000)).toEqual([
        "apply succeeded",
        "apply failed",
        "plan failed",
      ]);
    });

    it("stand in no answer about them", async () => {
      const both = (where: string, text: string) => {
        for (const one of [leaks, control]) one.look(where, text);
      };
      for (const { id, capsule_id } of runs) {
        for (const path of ["", "/logs", "/events?limit=1000", "/changes", "/artifacts"])
          both(`${id}${path}`, JSON.stringify(await on.user.ok("GET", `/api/runs/${id}${path}`)));
        for (const artifact of (await on.user.ok("GET", `/api/runs/${id}/artifacts`)).artifacts)
          both(`artifact ${artifact.id}`, JSON.stringify(await on.user.ok("GET", `/api/artifacts/${artifact.id}/content`)));
        both("outputs", JSON.stringify(await on.user.ok("GET", `/api/outputs/${capsule_id}`)));
      }
      both("audit", JSON.stringify(await on.user.ok("GET", "/api/audit?limit=100")));
      expect(leaks.found.filter(wanted)).toEqual([]);
      for (const part of ["/logs", "/events", "/changes", "artifact", "outputs"])
        expect(
          control.found.some((one) => one.includes(part)),
          part,
        ).toBe(true);
      const log = (await on.user.ok("GET", `/api/runs/${runs[1].id}/logs`)).log as string;
      // Every form of every secret went through it: two lines each, and not one of them empty.
      expect(log.split(visible).length - 1).toBeGreaterThanOrEqual(2 * spelled.flat().length);
      expect(log.match(/\[redacted/g)?.length ?? 0).toBeGreaterThanOrEqual(2 * spelled.flat().length);
      expect(JSON.stringify(runs.at(-1).error)).toContain("[redacted");
    });

    it("stand in no row, blob or log line", async () => {
      await leaks.database(on.api.database.db);
      await control.database(on.api.database.db);
      await leaks.files(on.api.dataDir);
      leaks.look("what the api printed", JSON.stringify(on.api.process.lines));
      leaks.look("what the runner printed", JSON.stringify(on.runner.process.lines));
      expect(leaks.found.filter(wanted)).toEqual([]);
      for (const table of ["run_events.", "runs.", "run_changes."])
        expect(
          control.found.some((one) => one.startsWith(table)),
          table,
        ).toBe(true);
      const { values, files, bytes } = leaks.searched;
      console.log(
        `${secrets.length} secrets in ${spelled.flat().length} forms, ${forms.size} needles: ${leaks.found.filter(wanted).length} hits in ${values} values of the database, ${files} files, ${Math.round(bytes / 1024)} KiB`,
      );
    });
  });
