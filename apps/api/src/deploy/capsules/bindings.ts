import type { ProviderBindingInput } from "@takosumi/contracts/deploy/capsules";
import { canonicalProvider } from "@takosumi/contracts/deploy/provider-address";
import { connectionIds } from "@takosumi/run-engine/bound";
import { servesProvider } from "@takosumi/run-engine/connection-reading";
import { invalid } from "@takosumi/transport/issues";
import type { z } from "zod";
import type { NestedId } from "../../tenancy/owned.ts";
import type { Db } from "../../world.ts";
import { boundConnections } from "./repository.ts";

type Bindings = readonly z.output<typeof ProviderBindingInput>[];
const pathOf = (index: number) => `provider_bindings.${index}.connection_id`;

/** Where a body names a connection. */
export const connectionsIn = (bindings: Bindings = []): NestedId[] =>
  bindings.flatMap(({ connection_id: id }, index) => (id === null ? [] : [{ path: pathOf(index), entity: "connection", id }]));

/** 400 where a connection holds the credentials of another provider than it is bound to. */
export async function refuseOtherProvider(db: Db, workspaceId: string, bindings: Bindings): Promise<void> {
  const ids = connectionIds(bindings);
  const known = ids.length > 0 ? await boundConnections(db, workspaceId, ids) : [];
  const fields = bindings.flatMap(({ provider, connection_id }, index) => {
    const found = known.find(({ id }) => id === connection_id);
    if (!found || servesProvider(found, provider)) return [];
    return [{ path: pathOf(index), message: `${found.name} is a connection of ${found.provider}, not of ${canonicalProvider(provider)}` }];
  });
  if (fields.length > 0) throw invalid(fields);
}
