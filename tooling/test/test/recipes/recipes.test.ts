import { createHash } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { recipes } from "@takosumi/recipes/registry";
import { startApi, type TestApi } from "@takosumi/testkit/api";
import { ownAuthority } from "@takosumi/testkit/authority";
import { deployOn, type Run } from "@takosumi/testkit/deploy";
import { standInMirror } from "@takosumi/testkit/mirror";
import { startRunner, type TestRunner } from "@takosumi/testkit/runner";
import { FakeSts } from "@takosumi/testkit/sts";
import { tools } from "@takosumi/testkit/tools";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { clouds } from "./clouds.ts";
import { Connected } from "./connected.ts";
import { expected, expectedByArguments, type Phase } from "./expected.ts";
import type { Row } from "./rows.ts";
import { services } from "./services.ts";
import { Witness } from "./witness.ts";

const rows: Readonly<Record<string, Row>> = { ...clouds, ...services };
const named = Object.entries(rows);
const byArguments = named.filter(([, row]) => row.byArguments);
const phases = ["plan", "apply"] as const;
/** Everything is replaced between plan and apply. */
const roundOf = { plan: 1, apply: 2 } as const;
const sha256 = (text: string) => createHash("sha256").update(text).digest("hex");
const hashed = (texts: Readonly<Record<string, string>>) =>
  Object.fromEntries(Object.entries(texts).map(([name, text]) => [name, sha256(text)]));
const prefixed = (folder: string, of: Readonly<Record<string, string>>) =>
  Object.fromEntries(Object.entries(of).map(([path, text]) => [`${folder}/${path}`, text]));

type Looked = Record<"env" | "files" | "below" | "arguments", Record<string, string>>;
interface Seen {
  readonly planned: Run;
  readonly applied: Run;
  /** What the provider of each configuration says that it saw, `a_plan`, `b_apply`. */
  readonly outputs: Readonly<Record<string, Looked>>;
  readonly connections: readonly string[];
}
const without = (of: Readonly<Record<string, string>>, names: Iterable<string>) => {
  const left = { ...of };
  for (const name of names) delete left[name];
  return left;
};

const required = (provider: string) => `terraform {\n  required_providers {\n    p = { source = "${provider}" }\n  }\n}\n`;
const looks = (configuration: string, as: string) => `
data "probe_seen" "${as}" { provider = ${configuration} }
resource "probe_seen" "${as}" { provider = ${configuration} }
output "${as}_plan" { value = data.probe_seen.${as} }
output "${as}_apply" { value = probe_seen.${as} }
`;

test("every mode of every recipe has a row, and every row is one of them", () => {
  const modes = recipes.flatMap(({ id, modes }) => Object.keys(modes).map((mode) => `${id} ${mode}`));
  expect(Object.keys(rows).toSorted()).toEqual(modes.toSorted());
  const settable = recipes.flatMap(({ id, modes }) =>
    Object.entries<{ byArguments?: unknown }>(modes).flatMap(([mode, one]) => (one.byArguments ? [`${id} ${mode}`] : [])),
  );
  expect(byArguments.map(([name]) => name).toSorted()).toEqual(settable.toSorted());
  for (const { id, modes } of recipes)
    for (const [mode, { fields }] of Object.entries(modes))
      expect(Object.keys(rows[`${id} ${mode}`]?.values ?? {}), `${id} ${mode}`).toEqual(
        expect.arrayContaining(Object.entries(fields).flatMap(([name, field]) => (field.default ? [] : [name]))),
      );
});

if (tools.tofu && tools.mirror)
  describe("what every mode of every recipe gives, phase by phase", () => {
    const witness = new Witness();
    const sts = new FakeSts();
    let api: TestApi;
    let runner: TestRunner;
    let user: ReturnType<typeof deployOn>;
    let mirror: string;
    let scratch: string;
    let project_id: string;
    const made = new Map<string, Promise<Seen>>();
    let going: Promise<unknown>[] = [];

    beforeAll(async () => {
      await witness.start();
      const addresses = named.map(([, { provider }]) =>
        provider.split("/").length === 3 ? provider : `registry.opentofu.org/${provider}`,
      );
      mirror = await standInMirror([...new Set(addresses)], "probe");
      // STS inside: its certificate is one that only an authority of the operator's own signed.
      scratch = await mkdtemp(join(tmpdir(), "takosumi-recipes-"));
      const own = tools.openssl ? ownAuthority(scratch) : null;
      const trusted = own ? { TAKOSUMI_CA_CERTIFICATES: own.ca } : {};
      api = await startApi({ env: { TAKOSUMI_AWS_STS_ENDPOINT: await sts.start(own), ...trusted } });
      runner = await startRunner(api, { more: { TAKOSUMI_PROVIDER_MIRROR: mirror, TAKOSUMI_RUNNER_SLOTS: "4" } });
      user = deployOn(api.call);
      project_id = await user.project();
      // All of them beside each other, a few at a time; each test waits for its own.
      const work: (() => Promise<unknown>)[] = [];
      const later = (name: string, make: () => Promise<Seen>) => {
        const { promise, resolve, reject } = Promise.withResolvers<Seen>();
        promise.catch(() => undefined);
        made.set(name, promise);
        work.push(() => make().then(resolve, reject));
      };
      later("nothing", () => seen("nothing", rows["cloudflare api_token"] as Row, 0));
      for (const [name, row] of named) later(name, () => seen(name, row, 1));
      for (const [name, row] of byArguments) later(`${name}, twice`, () => seen(`${name}, twice`, row, 2));
      going = Array.from({ length: 4 }, async () => {
        for (let next = work.shift(); next; next = work.shift()) await next();
      });
    });
    afterAll(async () => {
      await Promise.all(going);
      await runner?.close();
      await api?.close();
      await sts.stop();
      witness.close();
      for (const directory of [mirror, scratch]) await rm(directory, { recursive: true, force: true });
    });

    async function seen(name: string, row: Row, configurations: 0 | 1 | 2): Promise<Seen> {
      const [recipe = ""] = name.split(", ");
      const connected: Connected[] = [];
      for (let at = 0; at < configurations; at++) connected.push(await Connected.make(user, recipe, row));
      const bind = (alias: string | null, connection_id: string | null) => ({
        provider: row.provider,
        ...(alias && { alias }),
        connection_id,
      });
      const [a = null, b = null] = connected.map(({ id }) => id);
      const second = b ? 'provider "p" {\n  alias = "b"\n}\n' + looks("p.b", "b") : "";
      const { capsule } = await user.ok("POST", "/api/capsules", {
        project_id,
        name: name.replace(/[^a-z0-9-]+/g, "-"),
        source: { kind: "inline", files: { "main.tf": required(row.provider) + looks("p", "a") + second, ...witness.files(name) } },
        provider_bindings: [bind(null, a), ...(b ? [bind("b", b)] : [])],
      });
      const planned = await user.plan(capsule.id);
      if (planned.status !== "planned") throw new Error(JSON.stringify(planned.error));
      await Promise.all(connected.map((one) => one.rotate()));
      const applied = await user.approve(planned);
      if (applied.status !== "succeeded") throw new Error(JSON.stringify(applied.error));
      const { outputs } = await user.ok("GET", `/api/outputs/${capsule.id}`);
      return {
        planned,
        applied,
        outputs: Object.fromEntries(outputs.map((one: { name: string; value: Looked }) => [one.name, one.value])),
        connections: connected.map(({ id }) => id),
      };
    }
    const of = (name: string) => made.get(name) as Promise<Seen>;
    /** Names that the tool and its providers have in every Run. */
    const ordinary = async (phase: Phase) => Object.keys((await of("nothing")).outputs[`a_${phase}`]?.env ?? {});
    const commands = (name: string, command: string) => witness.of(name).filter((sight) => sight.command === command);
    const ordinaryOf = (command: string) => Object.keys(commands("nothing", command)[0]?.env ?? {});

    test("a module with no connection sees nothing of anybody's, in any command", async () => {
      const { outputs, planned, applied } = await of("nothing");
      for (const phase of phases) expect(outputs[`a_${phase}`]?.below).toEqual({});
      for (const command of ["init", "show", "plan", "apply"]) {
        expect(commands("nothing", command).length, command).toBeGreaterThan(0);
        for (const { files } of commands("nothing", command)) expect(files).toEqual({});
        const known = /^(PATH|HOME|LANG|PWD|SHLVL|_|GOGC|GOMEMLIMIT|CHECKPOINT_DISABLE|TF_\w+)$/;
        const fetching = command === "init" ? /^GIT_(TERMINAL_PROMPT|ATTR_NOSYSTEM|CONFIG_\w+)$/ : known;
        expect(ordinaryOf(command).filter((name) => !known.test(name) && !fetching.test(name))).toEqual([]);
      }
      expect([planned.injected_env, applied.injected_env]).toEqual([[], []]);
    });

    test.each(named)("%s", async (name, row) => {
      const { outputs, connections, planned, applied } = await of(name);
      const [folder = ""] = connections;
      for (const phase of phases) {
        const { env, files, paths } = expected(row, phase, roundOf[phase]);
        const saw = outputs[`a_${phase}`] as Looked;
        const own = without(saw.env, await ordinary(phase));
        expect(Object.keys(own).toSorted(), phase).toEqual([...Object.keys(env), ...Object.keys(paths)].toSorted());
        expect(without(own, Object.keys(paths)), phase).toEqual(hashed(env));
        for (const [variable, path] of Object.entries(paths)) expect(saw.files[variable], variable).toBe(sha256(files[path] ?? ""));
        expect(saw.below, phase).toEqual(hashed(prefixed(folder, files)));
        expect(saw.arguments, phase).toEqual({});

        const [tool, ...more] = commands(name, phase);
        expect(more, phase).toEqual([]);
        const given = without(tool?.env ?? {}, ordinaryOf(phase));
        const located = Object.fromEntries(Object.entries(paths).map(([variable, path]) => [variable, `/credentials/${folder}/${path}`]));
        expect(given, phase).toEqual({ ...env, ...located });
        expect(tool?.files, phase).toEqual(prefixed(folder, files));
      }
      for (const command of ["init", "show"]) {
        expect(commands(name, command).length, command).toBeGreaterThan(0);
        for (const { env, files } of commands(name, command)) {
          expect(without(env, ordinaryOf(command)), command).toEqual({});
          expect(files, command).toEqual({});
        }
      }
      const names = (phase: Phase) => {
        const { env, files, paths } = expected(row, phase, 1);
        const variable = (path: string) => Object.keys(paths).find((one) => paths[one] === path) ?? `${folder}/${path}`;
        return [...Object.keys(env), ...Object.keys(files).map(variable)].map((one) => `${phase} ${one}`);
      };
      const recorded = ({ injected_env }: Run): string[] =>
        injected_env.map((one: { phase: string; name: string }) => `${one.phase} ${one.name}`);
      expect(recorded(planned).toSorted()).toEqual(names("plan").toSorted());
      expect(recorded(applied).toSorted()).toEqual([...names("plan"), ...names("apply")].toSorted());
    });

    test.each(byArguments)("%s, in two configurations with a connection each", async (name, row) => {
      const { outputs, connections, planned } = await of(`${name}, twice`);
      expect(planned.provider_bindings.map(({ injected_by }: Run) => injected_by)).toEqual(["arguments", "arguments"]);
      for (const phase of phases) {
        const both = connections.map((id) => ({ id, ...expectedByArguments(row, phase, roundOf[phase], `/credentials/${id}`) }));
        const all = Object.assign({}, ...both.map(({ id, files }) => prefixed(id, files)));
        for (const [at, as] of (["a", "b"] as const).entries()) {
          const saw = outputs[`${as}_${phase}`] as Looked;
          const { arguments: set } = both[at] as (typeof both)[number];
          expect(without(saw.env, await ordinary(phase)), phase).toEqual({});
          const listed = Object.fromEntries(Object.entries(saw.arguments));
          expect(listed, `${as} ${phase}`).toEqual(set);
          expect(saw.below, phase).toEqual(hashed(all));
        }
        const [tool] = commands(`${name}, twice`, phase);
        expect(without(tool?.env ?? {}, ordinaryOf(phase)), phase).toEqual({});
        expect(tool?.files, phase).toEqual(all);
      }
    });
  });
