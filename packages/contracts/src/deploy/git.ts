import { z } from "zod";
import { idOf } from "../fields.ts";
import { parseGitUrl } from "./git-url.ts";
import { ModulePath } from "./module-path.ts";

const GitAddress = z.string().transform((text, context) => {
  const parsed = parseGitUrl(text);
  if (typeof parsed !== "string") return parsed.text;
  context.addIssue({ code: "custom", message: parsed });
  return z.NEVER;
});

/** What git calls a name: no part begins with a dot or a dash, none ends in .lock, nothing that a revision expression is made of. */
const name = /^(?!-)(?!.*(?:\.\.|@\{|\/\/|\/\.|\.lock(?:\/|$)))[^\s\p{Cc}~^:?*[\\]{1,255}(?<![./])$/u;
const ref = z
  .string()
  .regex(name, "is not a branch, a tag or a full commit")
  .refine((given) => !given.startsWith(".") && !given.startsWith("/") && given !== "@", "is not a branch, a tag or a full commit");

/** One line of an OpenSSH known_hosts file: hosts, key type, key. */
const HostKey = z
  .string()
  .trim()
  .max(8_192)
  .regex(
    /^[^\s#@,][^\s#@]* (?:ssh-ed25519|ssh-rsa|ecdsa-sha2-nistp(?:256|384|521)|sk-[a-z0-9-]+@openssh\.com) [A-Za-z0-9+/]+={0,2}(?: [^\r\n]*)?$/,
    'is not a line of a known_hosts file such as "git.example.com ssh-ed25519 AAAA…"',
  );
export const KnownHosts = z.array(HostKey).max(50);

/** A repository that the runner fetches with nothing but this Secret. */
export const GitSourceInput = z
  .strictObject({
    kind: z.literal("git"),
    url: GitAddress,
    ref: ref.optional(),
    path: ModulePath.optional(),
    secret_id: idOf("secret").optional(),
    known_hosts: KnownHosts.optional(),
  })
  .superRefine(({ url, secret_id, known_hosts }, context) => {
    const parsed = parseGitUrl(url);
    if (typeof parsed === "string") return;
    const wrong = (path: string, message: string) => context.addIssue({ code: "custom", path: [path], message });
    if (parsed.scheme !== "ssh" && known_hosts?.length) wrong("known_hosts", `pins keys of ssh, and the url is ${parsed.scheme}`);
    if (parsed.scheme === "file" && secret_id !== undefined) wrong("secret_id", "a file needs no Secret");
  });

/** As it is shown: the Secret by its id, and what the last fetch found. */
export const GitSource = z.object({
  kind: z.literal("git"),
  url: z.string(),
  ref: z.string().nullable(),
  path: z.string().nullable(),
  secret_id: z.string().nullable(),
  known_hosts: z.array(z.string()),
  commit: z.string().nullable(),
  digest: z.string().nullable(),
  size_bytes: z.int().nullable(),
});
