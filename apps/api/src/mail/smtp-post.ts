import { createTransport } from "nodemailer";
import { composed, MailRefused, type Post } from "./post.ts";

const stepMs = 10_000;
const silenceMs = 20_000;
const loopback = new Set(["localhost", "127.0.0.1", "::1"]);

/** Hands mails to an SMTP server: `smtp://user:password@host:587`, or `smtps://`. A password is only shown over TLS. */
export function smtpPost(url: string, from: string): Post {
  const { protocol, hostname, port, username, password } = new URL(url);
  const secure = protocol === "smtps:";
  const host = hostname.replace(/^\[|\]$/g, "");
  const transport = createTransport({
    host,
    port: port ? Number(port) : secure ? 465 : 587,
    secure,
    ...(username && { auth: { user: decodeURIComponent(username), pass: decodeURIComponent(password) } }),
    requireTLS: username !== "" && !loopback.has(host),
    connectionTimeout: stepMs,
    greetingTimeout: stepMs,
    dnsTimeout: stepMs,
    socketTimeout: silenceMs,
  });
  return async (id, mail) => {
    try {
      await transport.sendMail(composed(from, id, mail));
    } catch (error) {
      const { responseCode, code } = error as { readonly responseCode?: number; readonly code?: string };
      // Wrong credentials are the instance's, not the mail's: somebody mends them.
      if (responseCode !== undefined && responseCode >= 500 && code !== "EAUTH") throw new MailRefused(`SMTP ${responseCode}`);
      throw new Error(`SMTP ${responseCode ?? code ?? "failed"}`);
    }
  };
}
