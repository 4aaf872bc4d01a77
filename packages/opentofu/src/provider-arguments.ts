import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { canonicalProvider } from "@takosumi/contracts/deploy/provider-address";
import { overrideName } from "./backend.ts";
import { TofuError } from "./errors.ts";
import { moduleFolder } from "./module-folder.ts";
import type { ProviderBlock } from "./provider-blocks.ts";
import { safeModulePath } from "./rundir.ts";
import type { RunDir, SeenPaths, Tool } from "./types.ts";

/** Arguments of one provider configuration. Files are paths below the credentials folder; `yields` leaves a value of the block's own. */
export type ProviderArguments = {
  provider: string;
  alias: string | null;
  set: ({ name: string; yields: boolean } & ({ value: string | boolean } | { file: string } | { files: string[] }))[];
};

/**
 * Whether arguments can be set on a configuration by an override: it stands in the root module, under a name that is known, and no child
 * module has one of its own. Both tools merge an override into the block of the same alias, make the block where a configuration without
 * an alias has none, and refuse an alias that stands in a child module.
 */
export const isSettable = (blocks: readonly ProviderBlock[], provider: string, alias: string | null): boolean =>
  localName(blocks, provider, alias) !== null && !blocks.some((block) => ownOfChild(block) && matches(block, provider, alias));

/** Writes the override that sets them. It lies in the tree, and so in the sealed snapshot: it holds paths, never a secret. */
export async function setProviderArguments(
  run: { dir: RunDir; tool: Tool; seen: SeenPaths; modulePath: string; blocks: readonly ProviderBlock[] },
  given: readonly ProviderArguments[],
): Promise<void> {
  const bodies: Record<string, Record<string, unknown>[]> = Object.create(null);
  for (const { provider, alias, set } of given) {
    const name = localName(run.blocks, provider, alias);
    if (name === null) throw new TofuError("bad_argument", `Nothing can be set on the configuration of ${provider} from outside.`);
    const own = run.blocks.find((block) => block.root && block.arguments && matches(block, provider, alias))?.arguments ?? [];
    const body: Record<string, unknown> = alias === null ? {} : { alias };
    for (const one of set) if (!one.yields || !own.includes(one.name)) body[one.name] = spelled(one, run.seen.credentials);
    bodies[name] = [...(bodies[name] ?? []), body];
  }
  const folder = await moduleFolder(run.dir, safeModulePath(run.modulePath));
  const text = JSON.stringify({ provider: bodies });
  await writeFile(join(folder, overrideName(run.tool.name, "providers")), text, { mode: 0o644, flag: "wx" });
}

/** A string of a JSON configuration is a template: what would be one stands there as it is. */
const literal = (text: string): string => text.replace(/([$%])(?=\{)/g, "$1$1");

function spelled(one: ProviderArguments["set"][number], credentials: string): unknown {
  const path = (file: string) => literal(`${credentials}/${file}`);
  if ("file" in one) return path(one.file);
  if ("files" in one) return one.files.map(path);
  return typeof one.value === "string" ? literal(one.value) : one.value;
}

const matches = (block: ProviderBlock, provider: string, alias: string | null): boolean =>
  block.alias === alias && canonicalProvider(block.provider) === canonicalProvider(provider);

/** A child's block without settings and alias only says that the parent's is used. */
const ownOfChild = ({ root, alias, arguments: own }: ProviderBlock): boolean => !root && own !== null && (alias !== null || own.length > 0);

/** What the root module calls a provider; one of the default namespace needs no declaration to be called by its type. */
function localName(blocks: readonly ProviderBlock[], provider: string, alias: string | null): string | null {
  const atRoot = blocks.filter(({ root }) => root);
  const named = atRoot.find((block) => block.arguments !== null && matches(block, provider, alias));
  if (named || alias !== null) return named?.name ?? null;
  const declared = atRoot.find((block) => canonicalProvider(block.provider) === canonicalProvider(provider));
  if (declared) return declared.name;
  const [host, namespace, type = ""] = canonicalProvider(provider).split("/");
  const implied = host === "registry.opentofu.org" && namespace === "hashicorp" && !atRoot.some(({ name }) => name === type);
  return implied ? type : null;
}
