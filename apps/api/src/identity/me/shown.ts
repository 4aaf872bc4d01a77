import { defaultModel, modelNames } from "@takosumi/contracts/identity/models";
import type { AccountRow } from "../account/repository.ts";

export const shownMe = ({ email, name, username, picture, setup_completed_at }: AccountRow) => ({
  email,
  name,
  username,
  picture,
  setup_completed: setup_completed_at !== null,
});
/** What nobody chose is as it comes. */
export const shownSettings = ({ settings }: Pick<AccountRow, "settings">) => ({
  setup_completed: settings.setup_completed ?? false,
  auto_update_enabled: settings.auto_update_enabled ?? true,
  private_account: settings.private_account ?? false,
  activity_visibility: settings.activity_visibility ?? ("public" as const),
  ai_model: defaultModel,
  available_models: [...modelNames],
});
