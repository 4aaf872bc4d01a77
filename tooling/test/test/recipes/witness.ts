import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { createServer } from "node:net";

/** What one command of the tool had: its environment as it was, and the files of its connections by path. */
export interface Sight {
  readonly module: string;
  /** `init`, `plan`, `show`, `apply` … */
  readonly command: string;
  readonly env: Readonly<Record<string, string>>;
  readonly files: Readonly<Record<string, string>>;
}

/**
 * Module code that the tool runs in every one of its commands: the key provider of its state, which tells this process what the tool
 * was started with.
 */
export class Witness {
  readonly #sights: Sight[] = [];
  readonly #server = createServer((socket) => {
    const chunks: Buffer[] = [];
    socket
      .on("data", (chunk: Buffer) => chunks.push(chunk))
      .on("end", () => this.#sights.push(read(Buffer.concat(chunks).toString("utf8"))));
  });

  async start(): Promise<void> {
    this.#server.listen(0, "127.0.0.1");
    await once(this.#server, "listening");
  }

  close(): void {
    this.#server.close();
  }

  of(module: string): readonly Sight[] {
    return this.#sights.filter((sight) => sight.module === module);
  }

  /** Files that a module has beside its own. */
  files(module: string): Record<string, string> {
    const { port } = this.#server.address() as AddressInfo;
    return {
      "encryption.tf": `terraform {
  encryption {
    key_provider "external" "witness" { command = ["/bin/bash", "\${path.module}/witness.sh"] }
    method "aes_gcm" "m" { keys = key_provider.external.witness }
    method "unencrypted" "u" {}
    state {
      method = method.aes_gcm.m
      fallback { method = method.unencrypted.u }
    }
  }
}
`,
      "witness.sh": `exec 3<>/dev/tcp/127.0.0.1/${port}
{
  printf '%s\\0' '${module}'
  tr '\\0' ' ' < /proc/$PPID/cmdline | cut -d' ' -f2 | tr -d '\\n'; printf '\\0\\0'
  tr -s '\\0' < /proc/$PPID/environ; printf '\\0'
  [ -d /credentials ] && cd /credentials && find . -type f -printf '%P\\0' -exec cat {} \\; -printf '\\0'
} >&3
exec 3>&-
cat > /dev/null
echo '{"magic":"OpenTofu-External-Key-Provider","version":1}'
echo '{"keys":{"encryption_key":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="}}'
`,
    };
  }
}

function read(text: string): Sight {
  const [head = "", environ = "", ...rest] = text.split("\0\0");
  const [module = "", command = ""] = head.split("\0");
  const env = Object.fromEntries(environ.split("\0").map((pair) => [pair.slice(0, pair.indexOf("=")), pair.slice(pair.indexOf("=") + 1)]));
  const parts = rest.join("\0\0").split("\0");
  const files = Object.fromEntries(
    Array.from({ length: Math.floor(parts.length / 2) }, (_, at) => [parts[2 * at], parts[2 * at + 1]] as [string, string]),
  );
  return { module, command, env, files };
}
