import type { OauthClientRow } from "@takosumi/db/rows";
import { type Html, html, type Page } from "../../instance/page.ts";
import type { Next } from "../oauth-consent/authorization.ts";
import type { AskingDevice, Told } from "../oauth-consent/device.ts";

const hidden = (fields: Readonly<Record<string, string>>): Html[] =>
  Object.entries(fields).map(([name, value]) => html`<input type="hidden" name="${name}" value="${value}">`);
const list = (sentences: readonly string[]) => html`<ul>${sentences.map((one) => html`<li>${one}</li>`)}</ul>`;
const buttons = html`<button name="action" value="approve">Allow</button><button class="no" name="action" value="deny">Deny</button>`;

/** Who asks for what: the part that both questions share. */
const asks = (
  client: OauthClientRow,
  username: string,
  scopes: { readonly identity: readonly string[]; readonly resources: readonly string[] },
): Html =>
  html`<p><strong>${client.name}</strong> asks for access to your account, <strong>${username}</strong>. It may then:</p>
${list([...scopes.identity, ...scopes.resources])}`;

/** Redirects after a form are held to the policy as well: it names the app's own address. */
export const consentPage = ({ client, scopes, csrf_token, params }: Extract<Next, { kind: "consent" }>, username: string): Page => {
  const back = new URL(params.redirect_uri ?? "");
  return {
    title: "Allow access?",
    body: html`${asks(client, username, scopes)}<p>You are then sent to ${back.host}.</p>
<form method="post" action="/oauth/authorize">${hidden({ ...params, csrf_token })}${buttons}</form>`,
    // A policy has no way to say an IPv6 address.
    forms: [back.hostname.startsWith("[") ? back.protocol : back.origin],
  };
};

/** Ends the session first: whoever is signed in would be sent straight back. */
export const againPage = ({ here }: Extract<Next, { kind: "login" }>): Page => ({
  title: "Sign in again",
  body: html`<p>The app asks that you sign in anew, or as somebody else.</p>
<form method="post" action="/auth/logout">${hidden({ return_to: here })}<button>Go to the sign-in</button></form>`,
});

export const refusedPage = ({ status, error, description }: Extract<Next, { kind: "refused" }>): Page => ({
  title: "The app asked in a way that is not valid",
  body: html`<p class="wrong" role="alert">${description} (${error})</p><p>Nothing was allowed. Tell whoever made the app.</p>`,
  status,
});

export const codePage: Page = {
  title: "Allow a device",
  body: html`<form method="get" action="/oauth/device"><label for="user_code">The code that the device shows</label>
<input id="user_code" name="user_code" autocomplete="off" autocapitalize="characters" spellcheck="false" required autofocus><button>Go on</button></form>`,
};

export const devicePage = ({ client, scopes, user_code, csrf_token }: AskingDevice, username: string): Page => ({
  title: "Allow this device?",
  body: html`${asks(client, username, scopes)}<p>Only go on if your device shows this very code, and you began there yourself: <strong>${user_code}</strong></p>
<form method="post" action="/oauth/device">${hidden({ user_code, csrf_token })}${buttons}</form>`,
});

export const toldPage = ({ status, title, message }: Told): Page => ({
  title,
  body: html`<p>${message}</p>${status === "error" ? html`<p><a href="/oauth/device">Enter a code</a></p>` : null}`,
  status: status === "error" ? 400 : 200,
});
