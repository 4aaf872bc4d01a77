import type { Place } from "@takosumi/keyring/place";
import { mintToken } from "@takosumi/keyring/tokens";
import type { Resources } from "../../resources.ts";

type Keyring = Pick<Resources, "keyring">;
const place = (workspace: string, row: string): Place => ({ table: "webhooks", workspace, row, field: "secret" });

/** A new secret of a webhook, to show once and to keep sealed. */
export async function newSecret({ keyring }: Keyring, workspace: string, id: string): Promise<{ secret: string; sealed: string }> {
  const secret = mintToken("whsec_");
  return { secret, sealed: await keyring.seal(place(workspace, id), secret) };
}

export const openSecret = async (
  { keyring }: Keyring,
  { workspace_id, webhook_id, secret }: { readonly workspace_id: string; readonly webhook_id: string; readonly secret: string },
): Promise<string> => (await keyring.open(place(workspace_id, webhook_id), secret)).toString("utf8");
