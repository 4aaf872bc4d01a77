/** Language models that a space or an account may choose, the default first, with the tokens that each reads at most. */
export const models = {
  "claude-sonnet-4-6": { provider: "anthropic", window: 128_000 },
  "gpt-5.4-nano": { provider: "openai", window: 128_000 },
  "gpt-5.4-mini": { provider: "openai", window: 128_000 },
  "gpt-5.4": { provider: "openai", window: 128_000 },
} as const satisfies Record<string, { readonly provider: "anthropic" | "openai" | "google"; readonly window: number }>;

export type Model = keyof typeof models;
export const modelNames = Object.keys(models) as [Model, ...Model[]];
export const defaultModel: Model = modelNames[0];
