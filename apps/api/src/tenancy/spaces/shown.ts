import type { Role } from "@takosumi/contracts/access";
import { defaultModel, type Model, models } from "@takosumi/contracts/identity/models";
import type { WorkspaceRow } from "@takosumi/db/rows";

/** Tokens that an answer may take of a model's window. */
const answerTokens = 16_000;

export const shownSpace = (row: WorkspaceRow, role: Role) => ({
  id: row.id,
  slug: row.slug,
  name: row.name,
  description: row.description,
  kind: row.kind === "personal" ? ("user" as const) : row.kind,
  owner_principal_id: row.owner_id,
  automation_principal_id: null,
  security_posture: row.security_posture,
  role: role as Exclude<Role, "visitor">,
  created_at: row.created_at.toISOString(),
  updated_at: row.updated_at.toISOString(),
});
export const shownModel = ({ ai_model }: Pick<WorkspaceRow, "ai_model">) => {
  const model = ai_model !== null && ai_model in models ? (ai_model as Model) : defaultModel;
  const { provider, window } = models[model];
  return { ai_model: model, ai_provider: provider, model, provider, token_limit: window - answerTokens };
};
