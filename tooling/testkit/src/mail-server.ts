import { text } from "node:stream/consumers";
import { SMTPServer } from "smtp-server";

export interface Received {
  readonly to: readonly string[];
  /** The message as it came, headers first, lines ended by \n. */
  readonly raw: string;
}
/** What the server answers to a message: a status of SMTP, 250 takes it; `hang` never answers. */
type Verdict = number | "hang";

export interface MailServer {
  readonly port: number;
  readonly received: readonly Received[];
  /** Answers of the next messages, in order; afterwards 250. */
  readonly verdicts: Verdict[];
  /** The message at this index, come already or yet to come. */
  message(index: number): Promise<Received>;
  close(): Promise<void>;
}

/** A real SMTP server on loopback that keeps what it is handed. */
export async function startMailServer(port = 0): Promise<MailServer> {
  const received: Received[] = [];
  const verdicts: Verdict[] = [];
  const waiting = new Set<() => void>();
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ["STARTTLS"],
    logger: false,
    closeTimeout: 100,
    async onData(stream, session, done) {
      const raw = (await text(stream)).replaceAll("\r\n", "\n");
      received.push({ to: session.envelope.rcptTo.map(({ address }) => address), raw });
      for (const look of waiting) look();
      const verdict = verdicts.shift() ?? 250;
      if (verdict === "hang") return;
      done(verdict === 250 ? null : Object.assign(new Error("as the test wants"), { responseCode: verdict }));
    },
  });
  // A client that is killed in the middle is no error of the server.
  server.on("error", () => {});
  await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
  const address = server.server.address();
  if (address === null || typeof address === "string") throw new Error("The mail server has no port");
  return {
    port: address.port,
    received,
    verdicts,
    message: (index) =>
      new Promise((resolve) => {
        const look = () => {
          const found = received[index];
          if (!found) return void waiting.add(look);
          waiting.delete(look);
          resolve(found);
        };
        look();
      }),
    close: () => new Promise<void>((resolve) => server.close(() => resolve())),
  };
}
