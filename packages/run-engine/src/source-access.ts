import type { Queries } from "@takosumi/db/db";
import type { CapsuleRow } from "@takosumi/db/rows";
import type { Keyring } from "@takosumi/keyring/envelope";
import { type OpenedSecret, secretsIn } from "./secrets.ts";

/** What a Run may show to fetch its source, and init its modules: in plaintext only in memory, or sealed with the variables. */
export interface SourceAccess {
  readonly git: string | null;
  readonly modules: readonly { readonly host: string; readonly kind: "git" | "registry"; readonly value: string }[];
}

/** Opens what a Capsule names for its source and its modules; null where that is nothing. 404 for a Secret that is gone. */
export async function openAccess(
  resources: { readonly db: Queries; readonly keyring: Keyring },
  { workspace_id, source, module_credentials }: Pick<CapsuleRow, "workspace_id" | "source" | "module_credentials">,
): Promise<{ access: SourceAccess; secrets: readonly OpenedSecret[] } | null> {
  const own = source.kind === "git" ? source.secret_id : null;
  const ids = [...(own === null ? [] : [own]), ...module_credentials.map(({ secret_id }) => secret_id)];
  if (ids.length === 0) return null;
  const open = await secretsIn(resources, workspace_id, ids);
  const git = own === null ? null : await open(own, "source.secret_id");
  const modules = await Promise.all(module_credentials.map(({ secret_id }, i) => open(secret_id, `module_credentials.${i}.secret_id`)));
  return {
    access: {
      git: git?.value ?? null,
      modules: module_credentials.map(({ host, kind }, i) => ({ host, kind, value: modules[i]?.value ?? "" })),
    },
    secrets: [...(git ? [git] : []), ...modules].flatMap(withToken),
  };
}

/** `user:token` is shown by git as one and as the other: each is hidden. */
function withToken(secret: OpenedSecret): OpenedSecret[] {
  const colon = secret.value.indexOf(":");
  const token = secret.value.slice(colon + 1);
  return colon > 0 && !/\s/.test(secret.value) && token !== "" ? [secret, { name: secret.name, value: token }] : [secret];
}
