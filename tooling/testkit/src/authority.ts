import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { env } from "./env.ts";

/** A certificate authority that no machine knows, and what a server at 127.0.0.1 shows that it signed. */
export function ownAuthority(folder: string): { readonly ca: string; readonly key: string; readonly cert: string } {
  const at = (name: string) => join(folder, name);
  const openssl = (line: string) => execFileSync("openssl", line.split(" "), { env: { PATH: env.PATH, HOME: folder }, stdio: "pipe" });
  const made = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 3650";
  const signed = `-CA ${at("ca.pem")} -CAkey ${at("ca.key")} -addext subjectAltName=IP:127.0.0.1 -addext basicConstraints=critical,CA:false`;
  openssl(`${made} -keyout ${at("ca.key")} -out ${at("ca.pem")} -subj /CN=authority`);
  openssl(`${made} -keyout ${at("server.key")} -out ${at("server.pem")} -subj /CN=server ${signed}`);
  const read = (name: string) => readFileSync(at(name), "utf8");
  return { ca: at("ca.pem"), key: read("server.key"), cert: read("server.pem") };
}
