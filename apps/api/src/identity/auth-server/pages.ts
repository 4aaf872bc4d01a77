import type { failures } from "@takosumi/contracts/identity/auth-server";
import { followsFragment, type Html, html, type Page } from "../../instance/page.ts";

const wrong = {
  credentials: "The username or the password is wrong.",
  code: "The code is wrong, was used before, or is too old. Ask for another one.",
  provider: "Signing in at the identity provider did not work. Try again.",
  not_invited: "Nobody is known by this identity here. Ask for an invitation to its address.",
  busy: "Too many sign-ins at this moment. Try again.",
} as const satisfies Record<(typeof failures)[number], string>;
export type Failed = keyof typeof wrong;

const said = (failed: Failed | undefined): Html | null => (failed ? html`<p class="wrong" role="alert">${wrong[failed]}</p>` : null);

/** `provider`: where signing in at the identity provider begins, if there is one. */
export const loginPage = (returnTo: string, failed: Failed | undefined, provider: string | null): Page => ({
  title: "Sign in",
  body: html`${said(failed)}${provider ? html`<p><a href="${provider}">Sign in with single sign-on</a></p>` : null}
<form method="post" action="/auth/password"><input type="hidden" name="return_to" value="${returnTo}">
<label for="username">Username</label><input id="username" name="username" autocomplete="username" autocapitalize="none" required autofocus>
<label for="password">Password</label><input id="password" name="password" type="password" autocomplete="current-password" required>
<button>Sign in</button></form><p><a href="/console/reset">Forgot the password?</a></p>`,
});

/** The code stands in the fragment, which no server and no log sees before the form is sent. */
export const welcomePage = (returnTo: string): Page => ({
  title: "Welcome",
  body: html`<p>This link signs you in once.</p>
<form method="post" action="/auth/code"><input type="hidden" name="return_to" value="${returnTo}">
<label for="code">One-time code</label><input id="code" name="code" autocomplete="one-time-code" required>
<button>Sign in</button></form>`,
  script: `${followsFragment}const code=location.hash.slice(1);if(code){history.replaceState(null,"",location.pathname+location.search);document.getElementById("code").value=code}`,
});

export const setupPage = (returnTo: string, username: string, problem: string | null): Page => ({
  title: "Choose a username",
  body: html`${problem === null ? null : html`<p class="wrong" role="alert">${problem}</p>`}<p>It is what others know you by here, and the name of your own space.</p>
<form method="post" action="/console/setup"><input type="hidden" name="return_to" value="${returnTo}">
<label for="username">Username</label><input id="username" name="username" autocomplete="username" autocapitalize="none" value="${username}" required>
<button>Go on</button></form>`,
  status: problem === null ? 200 : 400,
});
