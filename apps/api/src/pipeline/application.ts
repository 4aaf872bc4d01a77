import { ApiError } from "@takosumi/contracts/errors";
import type { Application } from "@takosumi/transport/application";
import { authenticate } from "../identity/tokens/authenticate.ts";
import type { Uses } from "../identity/tokens/uses.ts";
import { failurePage } from "../instance/page.ts";
import { locators } from "../locators.ts";
import type { Resources } from "../resources.ts";
import type { Db, Locator, Rows } from "../world.ts";
import { openAdmission } from "./admission.ts";
import { countedOperations, countOperation } from "./attempts/counted.ts";
import { networkOf } from "./attempts/network.ts";
import { replay } from "./claims.ts";
import { denied } from "./denials.ts";
import { noteRate } from "./rate-headers.ts";
import { translate } from "./translate.ts";
import { openUnit } from "./unit.ts";
import { noteWorkspace } from "./whereabouts.ts";

type Needs = Pick<Resources, "db" | "keyring" | "log" | "settings">;

/** What the pipeline asks, answered by this product. */
export function applicationOf(resources: Needs, uses: Uses): Application {
  const admission = openAdmission(resources.settings.limits);
  return {
    authenticate: (door) =>
      authenticate(resources, uses, door).catch((error: unknown) => {
        if (error instanceof ApiError && error.code === "UNAUTHORIZED") admission.failed(networkOf(door.address));
        throw error;
      }),
    admit(who, address, operation, arrival) {
      const network = networkOf(address);
      noteRate(arrival, admission.admit(who, network, operation));
      if (!countedOperations.has(operation)) return;
      return countOperation(resources, who, network, operation, (rate) => noteRate(arrival, rate));
    },
    async locate(entity, id, reader, within) {
      const locate = locatorOf(entity);
      const found = await locate(resources.db, id, reader, within as Partial<Rows>);
      noteWorkspace(reader, found?.workspace_id ?? null);
      return found;
    },
    begin: (context) => openUnit(resources, context),
    replay: (claim) => replay(resources, claim),
    denied: (denial) => denied(resources, denial),
    translate,
    failurePage,
  };
}

function locatorOf(entity: string): (db: Db, ...rest: Tail<Parameters<Locator<"workspace">>>) => ReturnType<Locator<keyof Rows>> {
  const found = Object.hasOwn(locators, entity) ? locators[entity as keyof Rows] : undefined;
  if (!found) throw new Error(`Nothing locates a ${entity}`);
  return found;
}
type Tail<T extends readonly unknown[]> = T extends readonly [unknown, ...infer Rest] ? Rest : never;
