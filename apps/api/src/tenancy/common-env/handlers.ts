import { commonEnv } from "@takosumi/contracts/tenancy/common-env";
import type { Resources } from "../../resources.ts";
import { implement } from "../../world.ts";
import { prepareVariable, removeVariable, setVariable, shownEnv } from "./service.ts";

export const commonEnvHandlers = (resources: Pick<Resources, "db" | "keyring" | "engine">) => {
  const { engine } = resources;
  return implement(commonEnv, {
    list: async ({ workspace }) => ({ env: await shownEnv(resources, workspace.id) }),
    put: async ({ input, workspace, write }) => {
      const prepared = await prepareVariable(resources, workspace.id, input);
      await write(
        (tx) => setVariable(tx, engine, prepared),
        ({ changed, name, secret }) => (changed ? { metadata: { name, secret } } : null),
      );
      return { success: true };
    },
    remove: async ({ input, workspace, write }) => {
      await write((tx) => removeVariable(tx, engine, workspace.id, input.name), { metadata: { name: input.name.toUpperCase() } });
      return { success: true };
    },
  });
};
