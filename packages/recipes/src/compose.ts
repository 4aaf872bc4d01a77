import type { Credentials } from "@takosumi/contracts/runner/protocol";
import type { Phase } from "./define.ts";
import { byArguments, type Use } from "./distribute.ts";
import { type Given, material } from "./material.ts";

/** Everything that one phase of a Run gets. `opened` holds the contents of every connection by id, exchanged where the mode says so. */
export function compose(uses: readonly Use[], opened: ReadonlyMap<string, Given>, phase: Phase): Credentials {
  const apart = byArguments(uses);
  const made: Credentials = { env: [], files: [], arguments: [] };
  const written = new Set<string>();
  for (const { provider, alias, connection } of uses) {
    const given = opened.get(connection.id);
    if (!given) throw new Error(`Connection ${connection.id} was not opened`);
    const own = apart.has(connection.id);
    const { env, files, arguments: set } = material(connection.mode, given, phase, { byArguments: own });
    const inFolder = (path: string) => `${connection.id}/${path}`;
    if (own)
      made.arguments.push({
        provider,
        alias,
        set: set.map((one) => {
          if ("files" in one) return { ...one, files: one.files.map(inFolder) };
          return "file" in one ? { ...one, file: inFolder(one.file) } : one;
        }),
      });
    if (written.has(connection.id)) continue;
    written.add(connection.id);
    made.env.push(...env);
    made.files.push(...files.map((file) => ({ ...file, path: inFolder(file.path) })));
  }
  return made;
}
