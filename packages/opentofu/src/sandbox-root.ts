import { lstat, readlink } from "node:fs/promises";

let folders: Promise<string[]> | undefined;

/** `/usr` and the four names beside it, links where this system links them. The same for every phase, so it is read once. */
export function rootFolders(): Promise<string[]> {
  folders ??= read();
  return folders;
}

async function read(): Promise<string[]> {
  const args = ["--ro-bind", "/usr", "/usr"];
  for (const name of ["/bin", "/sbin", "/lib", "/lib64", "/lib32"]) {
    const info = await lstat(name).catch(() => null);
    if (info?.isSymbolicLink()) args.push("--symlink", await readlink(name), name);
    else if (info?.isDirectory()) args.push("--ro-bind", name, name);
  }
  return args;
}

/** What programs need of /etc to reach the network and to name themselves; no accounts, no keys. */
export const ETC_FILES = [
  "/etc/ssl",
  "/etc/pki",
  "/etc/ca-certificates",
  "/etc/resolv.conf",
  "/etc/hosts",
  "/etc/nsswitch.conf",
  "/etc/gai.conf",
  "/etc/services",
  "/etc/protocols",
  "/etc/localtime",
  "/etc/alternatives",
  "/etc/ld.so.cache",
];
