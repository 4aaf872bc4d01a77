import type { Principal } from "@takosumi/transport/application";

/** In which Workspace a request was located, for its line in the log. A principal is made anew for each request, and forgotten with it. */
const located = new WeakMap<Principal, string>();

export const noteWorkspace = (who: Principal | null, workspaceId: string | null): void => {
  if (who && workspaceId) located.set(who, workspaceId);
};
export const workspaceOf = (who: Principal | null): string | undefined => (who ? located.get(who) : undefined);
