import type { Queries } from "@takosumi/db/db";
import { statement } from "@takosumi/db/sql";

const settingText = statement("setting_read", "SELECT value #>> '{}' AS value FROM instance_settings WHERE name = $1");
export const readSetting = async (db: Queries, name: string): Promise<string | null> =>
  (await db.one<{ value: string }>(settingText, [name]))?.value ?? null;
const settingSet = statement(
  "setting_set",
  `INSERT INTO instance_settings (name, value) VALUES ($1, to_jsonb($2::text)) ON CONFLICT (name) DO UPDATE SET value = excluded.value, updated_at = now()`,
);
export const writeSetting = (db: Queries, name: string, value: string) => db.query(settingSet, [name, value]);
/** Of several processes one wins; all get what it wrote. */
const settingOnce = statement(
  "setting_once",
  "INSERT INTO instance_settings (name, value) VALUES ($1, to_jsonb($2::text)) ON CONFLICT (name) DO NOTHING",
);
export const writeSettingOnce = (db: Queries, name: string, value: string) => db.query(settingOnce, [name, value]);
