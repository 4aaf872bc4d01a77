import { execFileSync, spawn } from "node:child_process";
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { userInfo } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { env } from "./env.ts";
import { tools } from "./tools.ts";

export interface GitSsh {
  readonly port: number;
  /** `user@127.0.0.1:port` */
  readonly authority: string;
  /** The private key that is let in, and a line of known_hosts with the key that it shows. */
  readonly key: string;
  readonly hostKey: string;
  close(): Promise<void>;
}

/** Makes a key pair without a passphrase. */
export async function sshKey(
  folder: string,
  name: string,
): Promise<{ readonly secret: string; readonly open: string; readonly path: string }> {
  const path = join(folder, name);
  execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-C", name, "-f", path], { env: { PATH: env.PATH } });
  return { secret: await readFile(path, "utf8"), open: (await readFile(`${path}.pub`, "utf8")).trim(), path };
}

/** Debian's sshd as an ordinary process on a port of its own. Whoever holds the key gets git's upload of one repository, and nothing else. */
export async function startGitSsh(folder: string, repository: string): Promise<GitSsh> {
  const home = await mkdtemp(join(folder, "sshd-"));
  // Where sshd puts nobody in, when it is root.
  if (process.getuid?.() === 0) await mkdir("/run/sshd", { recursive: true, mode: 0o755 });
  const [host, user] = [await sshKey(home, "host"), await sshKey(home, "user")];
  await writeFile(join(home, "authorized_keys"), `restrict,command="git-upload-pack '${repository}'" ${user.open}\n`);
  await chmod(home, 0o755);
  const port = await freePort();
  const settings = [
    `Port ${port}`,
    "ListenAddress 127.0.0.1",
    `HostKey ${host.path}`,
    `AuthorizedKeysFile ${home}/authorized_keys`,
    `PidFile ${home}/pid`,
    "UsePAM no",
    "StrictModes no",
    "PasswordAuthentication no",
    "KbdInteractiveAuthentication no",
    "PermitRootLogin forced-commands-only",
    "AcceptEnv GIT_PROTOCOL",
  ];
  await writeFile(join(home, "config"), `${settings.join("\n")}\n`);
  const server = spawn(tools.sshd as string, ["-D", "-e", "-f", join(home, "config")], {
    stdio: ["ignore", "ignore", "pipe"],
    env: { PATH: env.PATH },
  });
  const ended = new Promise<void>((done) => server.once("close", () => done()));
  await new Promise<void>((listening, failed) => {
    const said: string[] = [];
    createInterface({ input: server.stderr }).on("line", (line) => {
      said.push(line);
      if (line.includes("Server listening on")) listening();
    });
    void ended.then(() => failed(new Error(`sshd ended: ${said.join("\n")}`)));
  });
  return {
    port,
    authority: `${userInfo().username}@127.0.0.1:${port}`,
    key: user.secret,
    hostKey: `[127.0.0.1]:${port} ${host.open.split(" ").slice(0, 2).join(" ")}`,
    close: async () => {
      server.kill("SIGTERM");
      await ended;
      await rm(home, { recursive: true, force: true });
    },
  };
}

/** A port that nothing listens on now. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await new Promise((listening) => server.once("listening", listening));
  const address = server.address();
  await new Promise((closed) => server.close(closed));
  return typeof address === "object" && address ? address.port : 0;
}
