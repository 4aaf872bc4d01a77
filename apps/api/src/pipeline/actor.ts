import type { Actor } from "@takosumi/contracts/deploy/run";
import type { Principal } from "@takosumi/transport/application";

/** Takosumi itself, where nobody asked. */
export const systemActor: Actor = { id: "system", kind: "service", name: "takosumi" };
/** Somebody without a credential that is valid. All of them are counted as one, so that a flood of them stays one event a minute. */
const anonymousActor: Actor = { id: "anonymous", kind: "anonymous", name: "anonymous" };

export const actorOf = (who: Principal | null): Actor => (who ? { id: who.id, kind: who.kind, name: who.name } : anonymousActor);
