import { createServer } from "node:net";
import { Problem } from "@takosumi/start/lines";

/** Throws a Problem where the api could not listen; asked before anything is started. */
export async function checkPort(host: string, port: number): Promise<void> {
  const error = await new Promise<NodeJS.ErrnoException | null>((resolve) => {
    const probe = createServer();
    probe.once("error", resolve);
    probe.listen({ host, port, exclusive: true }, () => probe.close(() => resolve(null)));
  });
  if (error === null) return;
  if (error.code === "EADDRINUSE") throw new Problem(`port ${port} is in use`, `PORT=${port + (port < 65_535 ? 1 : -1)} npm start`);
  if (error.code === "EACCES") throw new Problem(`port ${port} may not be used by this user`, "PORT=8787 npm start");
  throw new Problem(`${host}:${port} cannot be listened on (${error.code})`, "set HOST and PORT to an address of this machine");
}
