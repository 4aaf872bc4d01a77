import type { ServerResponse } from "node:http";
import { html, type Page, sendPage } from "../../instance/page.ts";
import { isOurOrigin } from "../../instance/web.ts";
import type { Resources } from "../../resources.ts";
import { endOldExternal, insertSession } from "../sessions/repository.ts";
import { newSession } from "../sessions/service.ts";
import type { Arriving } from "../sign-in/service.ts";

interface Asked {
  readonly callback: string;
  readonly state?: string | undefined;
}
const externalSeconds = 30 * 24 * 3_600;
const externalKept = 5;

/** Nothing is given to a program before the person said so, on a page that no other one can press. */
export const cliPage = ({ callback, state }: Asked, username: string): Page => ({
  title: "Sign a program in?",
  body: html`<p>A program on this machine asks to act for your account, <strong>${username}</strong>, for seven days. It listens at ${new URL(callback).host}.</p>
<p>Only go on if you started it yourself a moment ago.</p>
<form method="post" action="/auth/cli/callback"><input type="hidden" name="callback" value="${callback}">${
    state === undefined ? null : html`<input type="hidden" name="state" value="${state}">`
  }<button name="action" value="allow">Allow</button><button class="no" name="action" value="deny">Deny</button></form>`,
});

/** Hands the answer to the program by a form: a token stands in no URL. */
function handOver(
  response: ServerResponse,
  { callback, state }: Asked,
  answer: { readonly token: string } | { readonly error: string },
): void {
  const fields = Object.entries({ ...answer, ...(state !== undefined && { state }) });
  sendPage(response, {
    title: "error" in answer ? "Denied" : "Allowed",
    body: html`<p>You may close this page once the program goes on.</p>
<form id="answer" method="post" action="${callback}">${fields.map(([name, value]) => html`<input type="hidden" name="${name}" value="${value}">`)}<button>Go on</button></form>`,
    script: `document.getElementById("answer").submit()`,
    forms: [new URL(callback).origin],
  });
}

/** The token of a program: a session of its own, listed and ended like any. */
export async function answerCli(
  { principal, from, write }: Arriving,
  response: ServerResponse,
  asked: Asked,
  action: "allow" | "deny",
): Promise<void> {
  if (action === "deny" || !principal) return handOver(response, asked, { error: "access_denied" });
  const { token, row } = newSession({ user_id: principal.id, kind: "cli", method: "session", from });
  await write((tx) => insertSession(tx, row), { metadata: { kind: "cli" } });
  handOver(response, asked, { token });
}

/** Tells another service of ours who is signed in in this browser. */
export async function externalSession(
  { settings }: Pick<Resources, "settings">,
  { principal, from, write }: Arriving,
  origin: string | undefined,
): Promise<{ readonly status: number; readonly body: object }> {
  if (origin !== undefined && !isOurOrigin(settings.public_url, origin))
    return {
      status: 403,
      body: { error: { code: "FORBIDDEN", message: "Another origin may not ask this", details: { reason: "origin" } } },
    };
  if (!principal?.session) return { status: 200, body: { logged_in: false } };
  const { id } = principal;
  const { token, row } = newSession({ user_id: id, kind: "external", method: "session", from, seconds: externalSeconds });
  await write(
    async (tx) => {
      const made = await insertSession(tx, row);
      await endOldExternal(tx, id, externalKept);
      return made;
    },
    { metadata: { kind: "external" } },
  );
  return { status: 200, body: { logged_in: true, token } };
}
