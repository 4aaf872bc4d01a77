import { once } from "node:events";
import { createServer, type Server } from "node:http";
import { setTimeout as pause } from "node:timers/promises";

/** What a resource said of its own creation, at the moment of it. */
export interface Hit {
  readonly what: string;
  readonly id: string;
}
const emptyState = JSON.stringify({ version: 4, terraform_version: "1.12.6", serial: 1, lineage: "witness", outputs: {}, resources: [] });

/** A server outside of everything that resources call when they are created: what it counted, happened. */
export class Witness {
  readonly #hits: Hit[] = [];
  readonly #server: Server;
  /** How long a remote state takes that a plan reads. */
  readMs = 250;

  constructor() {
    this.#server = createServer((request, response) => {
      const [, verb, what = "", id = ""] = (request.url ?? "").split("/").map(decodeURIComponent);
      if (verb === "hit") {
        this.#hits.push({ what, id });
        response.end("seen\n");
        return;
      }
      // A remote state that takes its time: a plan that reads it lasts as long.
      void pause(this.readMs).then(() => response.end(emptyState));
    });
  }

  async open(): Promise<this> {
    this.#server.listen(0, "127.0.0.1");
    await once(this.#server, "listening");
    return this;
  }

  get port(): number {
    return (this.#server.address() as { port: number }).port;
  }

  hits(prefix: string): Hit[] {
    return this.#hits.filter(({ what }) => what.startsWith(prefix));
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((closed) => this.#server.close(closed));
  }
}

/**
 * A module whose plan lasts a moment and whose `count` resources, in two waves, tell the witness that they are created and each write
 * one line at their beginning and one at their end. All are made anew with every value of `generation`.
 */
export const witnessed = (port: number, name: string, count: number): Readonly<Record<string, string>> => {
  const wave = (which: string, after: string) => `
resource "terraform_data" "${which}" {
  count            = ${count / 2}
  triggers_replace = var.generation
  ${after}
  provisioner "local-exec" {
    interpreter = ["/bin/bash", "-c"]
    command     = <<-EOT
      echo "begins ${which}-\${count.index}."
      exec 3<>/dev/tcp/127.0.0.1/${port}
      printf 'POST /hit/${name}-\${var.generation}-${which}-\${count.index}/\${self.id} HTTP/1.0\\r\\n\\r\\n' >&3
      cat <&3 >/dev/null
      sleep 0.15
      echo "ends ${which}-\${count.index}."
    EOT
  }
}
`;
  return {
    "main.tf": `variable "generation" {}
data "terraform_remote_state" "slow" {
  backend = "http"
  config  = { address = "http://127.0.0.1:${port}/state" }
}
${wave("first", "")}${wave("second", "depends_on       = [terraform_data.first]")}`,
  };
};
