import type { SourceInput } from "@takosumi/contracts/deploy/source";
import type { VariablesInput } from "@takosumi/contracts/deploy/variables";
import { ApiError } from "@takosumi/contracts/errors";
import { TofuError } from "@takosumi/opentofu/errors";
import { packFiles } from "@takosumi/opentofu/source";
import { type StoredVariable, variablePlace } from "@takosumi/run-engine/variables";
import type { z } from "zod";
import type { Resources } from "../../resources.ts";
import { type NestedId, ownedIn } from "../../tenancy/owned.ts";

type Variables = z.output<typeof VariablesInput>;
type Source = z.output<typeof SourceInput>;
type Bindings = readonly { readonly provider: string; readonly alias?: string | undefined; readonly connection_id: string | null }[];

export interface PackedSource {
  readonly shown: { readonly kind: "inline"; readonly digest: string; readonly size_bytes: number; readonly paths: string[] };
  readonly snapshot: { readonly origin: string; readonly digest: string; readonly size_bytes: number; readonly paths: string[] };
}

/** Packs and stores the files, before any transaction. 400 naming the file that cannot be taken. */
export async function packSource({ blobs }: Pick<Resources, "blobs">, workspace: string, { files, kind }: Source): Promise<PackedSource> {
  const packed = await packFiles(files).catch((error: unknown) => {
    if (!(error instanceof TofuError)) throw error;
    throw new ApiError("BAD_REQUEST", `source.files: ${error.message}`, {
      reason: "unsafe_path",
      fields: [{ path: "source.files", message: error.message }],
    });
  });
  const { digest, size_bytes } = await blobs.put({ workspace, kind: "source" }, packed.tar);
  const paths = Object.keys(files).sort();
  return { shown: { kind, digest, size_bytes, paths }, snapshot: { origin: kind, digest, size_bytes, paths } };
}

/** Variables as they are kept: a sensitive plain value sealed to its place, one from a Secret by the Secret's id. */
export const sealVariables = (
  { keyring }: Pick<Resources, "keyring">,
  workspace: string,
  capsule: string,
  given: Variables,
): Promise<StoredVariable[]> =>
  Promise.all(
    given.map(async ({ name, kind, value, secret_id = null, sensitive = false }) => {
      const hidden = sensitive && secret_id === null;
      return {
        name,
        kind,
        sensitive: sensitive || secret_id !== null,
        secret_id,
        value: hidden || secret_id !== null ? null : value,
        sealed: hidden ? await keyring.seal(variablePlace(workspace, capsule, kind, name), JSON.stringify(value)) : null,
      };
    }),
  );

export const bindingsOf = (given: Bindings) =>
  given.map(({ provider, alias = null, connection_id }) => ({ provider, alias, connection_id }));

/** 404 naming the field for a Secret or connection that the Workspace does not have. */
export function refuseForeign(db: Resources["db"], workspace: string, variables: Variables = [], bindings: Bindings = []): Promise<void> {
  const ids: NestedId[] = [
    ...variables.flatMap(({ secret_id }, i) =>
      secret_id === undefined ? [] : [{ path: `variables.${i}.secret_id`, entity: "secret" as const, id: secret_id }],
    ),
    ...bindings.flatMap(({ connection_id: id }, i) =>
      id === null ? [] : [{ path: `provider_bindings.${i}.connection_id`, entity: "connection" as const, id }],
    ),
  ];
  return ownedIn(db, workspace, ids);
}
