/** What belonging to a context means for a family. */
interface Meaning {
  /** Also served without `/api`: `/runs/:id`. */
  readonly bare?: true;
  /** Neither in the OpenAPI document nor in the tRPC router. */
  readonly hidden?: true;
  /** The surface of TAKOSUMI_SURFACES that turns it on; `off` ones are 404 until it is named. */
  readonly surface: "deploy-control" | "platform" | "cloud" | "runner";
  readonly off?: true;
}

export const contexts = {
  instance: { surface: "deploy-control" },
  identity: { surface: "platform" },
  tenancy: { surface: "platform" },
  deploy: { surface: "deploy-control", bare: true },
  code: { surface: "platform" },
  agents: { surface: "platform" },
  knowledge: { surface: "platform" },
  storage: { surface: "platform" },
  notifications: { surface: "platform" },
  apps: { surface: "platform" },
  federation: { surface: "platform" },
  cloud: { surface: "cloud", off: true },
  runner: { surface: "runner", hidden: true },
} as const satisfies Record<string, Meaning>;

export type Context = keyof typeof contexts;
export type Surface = Meaning["surface"];
export const meaningOf = (context: Context): Meaning => contexts[context];
