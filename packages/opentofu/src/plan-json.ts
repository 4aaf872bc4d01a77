/** The parts that are read of `tofu show -json <plan>`. Every one may be missing: two tools and many versions write it. */
export type PlanJson = {
  format_version?: string;
  errored?: boolean;
  complete?: boolean;
  applyable?: boolean;
  resource_changes?: ChangeJson[];
  resource_drift?: ChangeJson[];
  output_changes?: Record<string, ChangeValues>;
  checks?: { address?: { to_display?: string }; status?: string; instances?: { problems?: { message?: string }[] }[] }[];
  configuration?: { root_module?: { variables?: Record<string, { sensitive?: boolean }> } };
  variables?: Record<string, { value?: unknown }>;
  prior_state?: { values?: StateValues };
  planned_values?: StateValues;
};

export type ChangeJson = {
  address?: string;
  previous_address?: string;
  module_address?: string;
  mode?: string;
  type?: string;
  name?: string;
  index?: string | number;
  deposed?: string;
  provider_name?: string;
  action_reason?: string;
  change?: ChangeValues;
};

export type ChangeValues = {
  actions?: string[];
  before?: unknown;
  after?: unknown;
  after_unknown?: unknown;
  /** `true` for a whole value, or the shape of the value with `true` where it is sensitive. */
  before_sensitive?: unknown;
  after_sensitive?: unknown;
  replace_paths?: (string | number)[][];
  importing?: { id?: string } | null;
};

export type StateValues = { outputs?: Record<string, { value?: unknown; sensitive?: boolean }>; root_module?: ModuleValues };
export type ModuleValues = { resources?: { values?: unknown; sensitive_values?: unknown }[]; child_modules?: ModuleValues[] };
