import { resolve } from "node:path";
import { z } from "zod";

/** What the commands beside the server read: the settings of the API that say where its data and keys are. */
const Variables = z.object({
  /** Left out: the embedded database of the data directory. */
  DATABASE_URL: z.string().optional(),
  /** Blobs, the master key, the embedded database. */
  TAKOSUMI_DATA_DIR: z
    .string()
    .default(".takosumi")
    .transform((path) => resolve(path)),
  TAKOSUMI_MASTER_KEY: z.string().optional(),
  TAKOSUMI_MASTER_KEY_FILE: z.string().optional(),
  /** The key service that wraps data keys; keys of our own beside it open what they wrapped before. */
  TAKOSUMI_KMS_KEY: z.string().optional(),
});
export type AdminEnv = z.output<typeof Variables>;

/** An empty variable is an unset one. */
export const readAdminEnv = (source: Readonly<Record<string, string | undefined>> = process.env): AdminEnv =>
  Variables.parse(Object.fromEntries(Object.entries(source).filter(([, value]) => value?.trim())));
