import { followsFragment, type Html, html, type Page } from "../../instance/page.ts";

/** Puts what stands in the fragment into the form, and takes it out of the address. */
const fromFragment = (field: string, submit: boolean): string =>
  `${followsFragment}const told=location.hash.slice(1);if(told){history.replaceState(null,"",location.pathname);const field=document.getElementById("${field}");field.value=told;${submit ? "field.form.submit()" : ""}}`;

export const invitePage: Page = {
  title: "Invitation",
  body: html`<form method="post" action="/console/invite"><label for="token">What stands behind # in the link of the mail</label>
<input id="token" name="token" autocomplete="off" required><button>See the invitation</button></form>`,
  script: fromFragment("token", true),
};

export interface Offered {
  readonly token: string;
  readonly space: string;
  readonly role: string;
  readonly by: string;
}
/** `as`: who is signed in; null: nobody, and an account is made where the invitation came by mail. */
export const offerPage = ({ token, space, role, by }: Offered, as: string | null, wrong: string | null, username: string): Page => ({
  title: `Invitation to ${space}`,
  body: html`${wrong === null ? null : html`<p class="wrong" role="alert">${wrong}</p>`}<p>${by} invites you to the space <strong>${space}</strong>, as ${role}.</p>
<form method="post" action="/console/invite"><input type="hidden" name="token" value="${token}">${
    as === null ? newAccount(username) : html`<p>You are signed in as ${as}.</p>`
  }<button name="action" value="accept">Join</button><button class="no" name="action" value="decline" formnovalidate>Decline</button></form>`,
  script: followsFragment,
  status: wrong === null ? 200 : 400,
});
const newAccount = (
  username: string,
): Html => html`<p>Choose a username and a password for a new account. If you have one, <a href="/console/login">sign in</a> first and open the link of the mail again.</p>
<label for="username">Username</label><input id="username" name="username" autocomplete="username" autocapitalize="none" value="${username}" required>
<label for="password">Password, of 12 characters or more</label><input id="password" name="password" type="password" autocomplete="new-password" minlength="12" required>`;

/** Without a code in the fragment it asks whose password it is. */
export const resetPage: Page = {
  title: "A new password",
  body: html`<form id="ask" method="post" action="/console/reset"><p>A link to choose another password goes by mail to the address of the account.</p>
<label for="username">Username</label><input id="username" name="username" autocomplete="username" autocapitalize="none" required><button>Send a link</button></form>
<form id="set" method="post" action="/console/reset" hidden><input type="hidden" id="code" name="code">
<label for="new_password">New password, of 12 characters or more</label><input id="new_password" name="new_password" type="password" autocomplete="new-password" minlength="12" required>
<button>Set it</button></form>`,
  script: `${fromFragment("code", false)};if(told){document.getElementById("ask").hidden=true;document.getElementById("set").hidden=false}`,
};

export const toldPage = (title: string, message: string, status: number): Page => ({
  title,
  body: html`<p role="status">${message}</p><p><a href="/console/login">Sign in</a></p>`,
  script: followsFragment,
  status,
});
