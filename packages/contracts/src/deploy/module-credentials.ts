import { z } from "zod";
import { idOf } from "../fields.ts";
import { KnownHosts } from "./git.ts";

const kind = z.enum(["git", "registry"]);
const host = z
  .string()
  .max(255)
  .toLowerCase()
  .regex(
    /^(?:[a-z0-9_](?:[a-z0-9._-]*[a-z0-9_])?|\[[0-9a-f:]+\])(?::[1-9]\d{0,4})?$/,
    'is not a host such as "git.example.com" or "git.example.com:8443"',
  );

/**
 * What init may show to fetch private modules, to this host alone: to git a token (`user:token`, or the token alone) or a private SSH
 * key, to a registry a token. Nothing else of a Run gets it.
 */
const ModuleCredentialInput = z.strictObject({ host, kind, secret_id: idOf("secret"), known_hosts: KnownHosts.optional() });

export const ModuleCredentialsInput = z
  .array(ModuleCredentialInput)
  .max(20)
  .superRefine((given, context) => {
    const seen = new Set<string>();
    for (const [index, one] of given.entries()) {
      const wrong = (path: string, message: string) => context.addIssue({ code: "custom", path: [index, path], message });
      if (seen.has(`${one.kind} ${one.host}`)) wrong("host", `${one.host} has a credential of kind ${one.kind} already`);
      seen.add(`${one.kind} ${one.host}`);
      if (one.kind === "registry" && one.known_hosts?.length) wrong("known_hosts", "pins keys of ssh, which a registry does not speak");
    }
  });

export const ModuleCredential = z.object({ host: z.string(), kind, secret_id: z.string(), known_hosts: z.array(z.string()) });
/** As a Run shows it. */
export const ModuleCredentialName = ModuleCredential.pick({ host: true, kind: true });
