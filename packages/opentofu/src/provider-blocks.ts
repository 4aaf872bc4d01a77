import { readdir } from "node:fs/promises";
import { join, posix } from "node:path";
import { type Block, hclBlocks, type Literal } from "./hcl-blocks.ts";
import { readProduced } from "./produced.ts";
import type { RunDir, ToolName } from "./types.ts";

export type ProviderBlock = {
  /** As the module writes it: its source, or its local name where that is not said. */
  provider: string;
  alias: string | null;
  /** What the module calls the provider. */
  name: string;
  /** Stands in the root module. */
  root: boolean;
  /** Names of what the block sets, its alias aside; null where the provider is required and no block stands there. */
  arguments: string[] | null;
};

const MOST_MODULES = 500;
const MOST_FILES = 500;
const MOST_BYTES = 2 * 1024 * 1024;

/**
 * The provider blocks of a module and of the modules that init installed, the root module's first. Names are resolved by the same
 * module's `required_providers`. For Terraform, which cannot show its configuration without a plan (rule 12), this and the lock file are
 * what `requiredProviders` needs; for both tools it says on which configurations arguments can be set.
 */
export async function providerBlocks(dir: RunDir, modulePath: string, tool: ToolName): Promise<ProviderBlock[]> {
  const found: ProviderBlock[] = [];
  for (const [index, folder] of (await moduleFolders(dir, modulePath)).entries()) {
    const root = index === 0;
    const blocks = await blocksOf(folder, tool);
    const sources = sourcesOf(blocks);
    for (const { type, labels, attributes, blocks: inner } of blocks) {
      const [name] = labels;
      if (type !== "provider" || !name) continue;
      const alias = typeof attributes.alias === "string" ? attributes.alias : null;
      const own = [...Object.keys(attributes).filter((one) => one !== "alias"), ...inner.map((block) => block.type)];
      found.push({ provider: sources.get(name) ?? name, alias, name, root, arguments: own });
    }
    // A provider that is required, and configured nowhere here, is used with its default configuration.
    for (const [name, source] of sources)
      if (!blocks.some(({ type, labels }) => type === "provider" && labels[0] === name))
        found.push({ provider: source, alias: null, name, root, arguments: null });
  }
  return found;
}

/** Local names and what they stand for. */
function sourcesOf(blocks: Block[]): Map<string, string> {
  const required = blocks
    .filter(({ type }) => type === "terraform")
    .flatMap((settings) => settings.blocks.filter(({ type }) => type === "required_providers"));
  const pairs = required.flatMap(({ attributes }) => Object.entries(attributes));
  return new Map(pairs.map(([name, value]) => [name, sourceOf(value) ?? name]));
}

function sourceOf(value: Literal): string | null {
  return typeof value === "object" && value !== null && typeof value.source === "string" ? value.source : null;
}

/** The root module, and what `modules.json` says lies below the tree or the data directory. */
async function moduleFolders(dir: RunDir, modulePath: string): Promise<string[]> {
  const root = join(dir.tree, modulePath);
  const manifest = await readProduced(join(dir.data, "modules/modules.json"), MOST_BYTES);
  if (manifest === null) return [root];
  const { Modules: modules = [] } = JSON.parse(manifest.toString("utf8")) as { Modules?: { Dir?: unknown }[] };
  const folders = modules.slice(0, MOST_MODULES).flatMap(({ Dir: folder }) => {
    if (typeof folder !== "string" || folder === "." || folder === "") return [];
    // Downloaded modules are named from the data directory as the payload saw it; all others from the root module.
    const installed = /(?:^|\/)data\/(modules\/.*)$/.exec(folder)?.[1];
    if (installed !== undefined) return [join(dir.data, posix.normalize(installed))];
    const inTree = posix.normalize(posix.join(modulePath, folder));
    return inTree.startsWith("..") || posix.isAbsolute(inTree) ? [] : [join(dir.tree, inTree)];
  });
  return [...new Set([root, ...folders])];
}

async function blocksOf(folder: string, tool: ToolName): Promise<Block[]> {
  const blocks: Block[] = [];
  for (const name of sourceNames(await readdir(folder).catch(() => []), tool).slice(0, MOST_FILES)) {
    const text = (await readProduced(join(folder, name), MOST_BYTES).catch(() => null))?.toString("utf8") ?? "";
    blocks.push(...(name.endsWith(".json") ? jsonBlocks(text) : hclBlocks(text)));
  }
  return blocks;
}

/** The files that a tool reads: to OpenTofu a `.tofu` stands for the `.tf` of the same name. */
function sourceNames(names: string[], tool: ToolName): string[] {
  if (tool === "terraform") return names.filter((name) => /\.tf(\.json)?$/.test(name));
  return names.filter(
    (name) =>
      /\.tofu(\.json)?$/.test(name) || (/\.tf(\.json)?$/.test(name) && !names.includes(name.replace(/\.tf(?=(\.json)?$)/, ".tofu"))),
  );
}

/** The two kinds of block that are asked for, from the JSON spelling; every body may be a list of bodies. */
function jsonBlocks(text: string): Block[] {
  let file: Record<string, unknown>;
  try {
    file = JSON.parse(text) as Record<string, unknown>;
  } catch {
    return [];
  }
  const providers = listed(file?.provider).flatMap((table) =>
    Object.entries(table).flatMap(([name, bodies]) => listed(bodies).map((attributes) => block("provider", [name], attributes))),
  );
  const required = listed(file?.terraform).flatMap((body) =>
    listed(body.required_providers).map((attributes) => block("required_providers", [], attributes)),
  );
  return [...providers, ...required.map((inner) => ({ ...block("terraform", [], {}), blocks: [inner] }))];
}

function block(type: string, labels: string[], attributes: Record<string, unknown>): Block {
  return { type, labels, attributes: attributes as Block["attributes"], blocks: [] };
}

function listed(value: unknown): Record<string, unknown>[] {
  const all: unknown[] = Array.isArray(value) ? value : [value];
  return all.filter((one): one is Record<string, unknown> => typeof one === "object" && one !== null && !Array.isArray(one));
}
