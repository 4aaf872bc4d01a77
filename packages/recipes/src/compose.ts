import type { Credentials } from "@takosumi/contracts/runner/protocol";
import type { Mode, Phase } from "./define.ts";
import { type Given, material } from "./material.ts";

/** A provider configuration by canonical address, and how it was resolved when the plan was made. */
export interface Resolved {
  readonly provider: string;
  readonly alias: string | null;
  readonly connection_id: string;
  readonly injected_by: "environment" | "arguments";
}
/** What a connection holds, opened, and exchanged where its mode says so. */
export interface Opened {
  readonly mode: Mode;
  readonly given: Given;
}

/** Everything that one phase of a Run gets: variables and files of each connection once, and arguments for each configuration. */
export function compose(resolved: readonly Resolved[], opened: ReadonlyMap<string, Opened>, phase: Phase): Credentials {
  const made: Credentials = { env: [], files: [], arguments: [] };
  const written = new Set<string>();
  for (const { provider, alias, connection_id, injected_by } of resolved) {
    const connection = opened.get(connection_id);
    if (!connection) throw new Error(`Connection ${connection_id} was not opened`);
    const byArguments = injected_by === "arguments";
    const { env, files, arguments: set } = material(connection.mode, connection.given, phase, { byArguments });
    const inFolder = (path: string) => `${connection_id}/${path}`;
    if (byArguments)
      made.arguments.push({
        provider,
        alias,
        set: set.map((one) => {
          if ("files" in one) return { ...one, files: one.files.map(inFolder) };
          return "file" in one ? { ...one, file: inFolder(one.file) } : one;
        }),
      });
    if (written.has(connection_id)) continue;
    written.add(connection_id);
    made.env.push(...env);
    made.files.push(...files.map((file) => ({ ...file, path: inFolder(file.path) })));
  }
  return made;
}
