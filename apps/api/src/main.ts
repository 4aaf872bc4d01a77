import { readFileSync } from "node:fs";
import { StartError, startExit } from "@takosumi/contracts/instance/start-errors";
import { trustAlso } from "@takosumi/reach/authorities";
import { readEnv } from "./env.ts";
import { type Log, openLog } from "./logger.ts";
import { startApi } from "./start.ts";

/** Requests get this long to finish; a transaction that is still open then is rolled back by the database. */
const closeWithin = 8_000;
const { version } = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8")) as { version: string };

async function main(): Promise<void> {
  let log = openLog("info");
  try {
    const env = readEnv();
    log = openLog(env.TAKOSUMI_LOG_LEVEL);
    trustAlso(env.TAKOSUMI_CA_CERTIFICATES ?? []);
    const { url, close } = await startApi(env, log, version);
    log.info({ url }, "listening");
    closeOnSignal(log, close);
  } catch (error) {
    const known = error instanceof StartError;
    log.fatal(known ? { failure: error.failure } : { err: error }, known ? error.message : "the api could not start");
    exit(log, known ? startExit[error.failure] : 1);
  }
}

function closeOnSignal(log: Log, close: () => Promise<void>): void {
  let closing = false;
  const end = (signal: string) => {
    if (closing) return;
    closing = true;
    log.info({ signal }, "closing");
    setTimeout(() => {
      log.warn("closing took too long");
      exit(log, 1);
    }, closeWithin).unref();
    close().then(
      () => {
        log.info("closed");
        exit(log, 0);
      },
      (err: unknown) => {
        log.error({ err }, "closing failed");
        exit(log, 1);
      },
    );
  };
  process.on("SIGTERM", end);
  process.on("SIGINT", end);
}

/** Ends the process once its last line is written. */
function exit(log: Log, status: number): void {
  process.exitCode = status;
  log.flush(() => process.exit(status));
}

await main();
