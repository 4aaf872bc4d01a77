import { createActor } from "@takosumi/testkit/actors";
import { startApi, type TestApi } from "@takosumi/testkit/api";
import { browserOf } from "@takosumi/testkit/browser";
import { caller } from "@takosumi/testkit/call";
import { type Chromium, startChromium, type Window } from "@takosumi/testkit/chromium";
import { type HookServer, startHookServer } from "@takosumi/testkit/hook-server";
import { type IdentityProvider, startIdentityProvider } from "@takosumi/testkit/identity-provider";
import { tools } from "@takosumi/testkit/tools";
import * as oidc from "openid-client";
import type { Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { flawsOf } from "./looks.ts";
import { mailed } from "./mails.ts";
import { asking, clientOf, posted, registeredClient } from "./oauth.ts";
import { type Person, person, spaceOf } from "./people.ts";

const secret = "correct horse battery staple";

if (tools.chromium)
  describe("in a real browser", () => {
    let api: TestApi;
    let provider: IdentityProvider;
    let chromium: Chromium;
    let elsewhere: HookServer;
    let window: Window;
    let page: Page;
    let ada: Person;
    beforeAll(async () => {
      elsewhere = await startHookServer();
      provider = await startIdentityProvider(() => [`${api.url}/auth/callback`]);
      const { issuer, client } = provider;
      const oidc = { TAKOSUMI_OIDC_ISSUER: issuer, TAKOSUMI_OIDC_CLIENT_ID: client.id, TAKOSUMI_OIDC_CLIENT_SECRET: client.secret };
      [chromium, api] = await Promise.all([startChromium(), startApi({ env: { ...oidc, TAKOSUMI_SIGNUP: "open" } })]);
      ada = await person(api);
      await api.database.db.prisma.users.update({ where: { id: ada.user_id }, data: { setup_completed_at: new Date() } });
      const { call } = await browserOf(api.url, ada.token);
      await call("PUT", "/api/me/password", { body: { new_password: secret } });
    });
    afterAll(async () => {
      await chromium?.close();
      await api?.close();
      await provider?.close();
      await elsewhere?.close();
    });
    beforeEach(async () => {
      window = await chromium.open();
      ({ page } = window);
      // Signing in ends at the reference, whose script is large: one test looks at it.
      await window.context.route("**/docs/js/**", (route) =>
        route.fulfill({ contentType: "text/javascript", body: "Scalar = { createApiReference() {} }" }),
      );
    });
    afterEach(async () => {
      await window.context.close();
      if (window.complaints.length > 0) throw new Error(window.complaints.join("\n"));
    });

    const at = (path: string) => page.goto(api.url + path);
    const heading = () => page.locator("h1").innerText();
    const press = (name: string) => page.getByRole("button", { name, exact: true }).click();
    const looksWell = async (name: string) => expect(await flawsOf(page, name), name).toEqual([]);
    const who = async (): Promise<string | null> => {
      const answer = await window.context.request.get(`${api.url}/api/me`);
      return answer.ok() ? (await answer.json()).username : null;
    };
    /** As by a link, without its page. */
    async function signIn(token: string): Promise<void> {
      const [name = "", value = ""] = (await browserOf(api.url, token)).cookie.split("=");
      await window.context.addCookies([{ name, value, url: api.url, httpOnly: true, sameSite: "Lax" }]);
    }

    it("the reference shows itself, and lets itself be used", async () => {
      await window.context.unrouteAll();
      await signIn(ada.token);
      await at("/docs/");
      await page.getByRole("heading", { name: "Takosumi" }).first().waitFor();
      expect(await page.evaluate(async () => (await (await fetch("/api/me")).json()).username)).toBe(ada.username);
    });

    describe("signing in", () => {
      it("works by a one-time link, whose code leaves the address at once, and once", async () => {
        const { url } = (await ada.call("POST", "/api/me/sign-in-codes", { body: {} })).body;
        await page.goto(url);
        expect(page.url()).toBe(`${api.url}/console/welcome`);
        await looksWell("welcome");
        await press("Sign in");
        await page.waitForURL("**/docs/");
        expect(await who()).toBe(ada.username);
        expect(await window.context.cookies()).toMatchObject([{ httpOnly: true, sameSite: "Lax", path: "/", domain: "127.0.0.1" }]);
        expect(await page.evaluate(() => document.cookie)).toBe("");
        await window.context.clearCookies();
        await page.goto(url);
        await press("Sign in");
        expect(await page.getByRole("alert").innerText()).toContain("used before");
        expect(await who()).toBeNull();
      });

      it("works by a password, and says what was wrong where it does not", async () => {
        await at("/console/login?return_to=/docs/%3Fhere");
        await looksWell("login");
        await page.getByLabel("Username").fill(ada.username);
        await page.getByLabel("Password").fill("a wrong one");
        await press("Sign in");
        expect(await page.getByRole("alert").innerText()).toBe("The username or the password is wrong.");
        await looksWell("login-wrong");
        await page.getByLabel("Username").fill(ada.username);
        await page.getByLabel("Password").fill(secret);
        await page.keyboard.press("Enter");
        await page.waitForURL("**/docs/?here");
        expect(await who()).toBe(ada.username);
        await at("/console/login?return_to=/oauth/device");
        expect(page.url()).toBe(`${api.url}/oauth/device`);
      });

      it("works at an identity provider: the cookie that is set on its way back counts at once", async () => {
        provider.is({ sub: "from-elsewhere", name: "Somebody", email: "somebody@example.com", email_verified: true });
        await at("/console/login");
        await page.getByRole("link", { name: "Sign in with single sign-on" }).click();
        await page.waitForURL("**/docs/");
        expect(await who()).toBe("somebody");
        // A link on another site leads to a page that knows who is there.
        await page.goto(provider.issuer.replace("127.0.0.1", "provider.example"));
        await page.evaluate((to) => location.assign(to), `${api.url}/oauth/device`);
        await page.waitForURL("**/oauth/device");
        expect(await heading()).toBe("Allow a device");
      });
    });

    describe("the link of a mail", () => {
      const invited = async (name: string) => {
        const owner = await person(api);
        const space = await spaceOf(owner, name);
        const email = `${space.slug}@example.com`;
        await owner.call("POST", `/api/spaces/${space.id}/invitations`, { body: { email, role: "editor" } });
        return { link: `/console/invite#${await mailed(api, "invite", email)}`, slug: space.slug };
      };

      it("lets somebody in who has no account, and says what is wrong with what they chose", async () => {
        const { link, slug } = await invited("A space with a name so long that it needs more than one line");
        await at("/console/invite");
        await looksWell("invite-empty");
        await at(link);
        await page.getByRole("heading", { name: /^Invitation to A space/ }).waitFor();
        expect(page.url()).toBe(`${api.url}/console/invite`);
        await looksWell("invite");
        await page.getByLabel("Username").fill("admin");
        await page.getByLabel(/^Password/).fill(secret);
        await press("Join");
        expect(await page.getByRole("alert").innerText()).toContain("reserved");
        await looksWell("invite-wrong");
        expect(await page.getByLabel("Username").inputValue()).toBe("admin");
        await page.getByLabel("Username").fill("new-here");
        await page.getByLabel(/^Password/).fill(secret);
        await press("Join");
        await page.waitForURL("**/docs/");
        expect(await who()).toBe("new-here");
        expect((await (await window.context.request.get(`${api.url}/api/spaces/${slug}`)).json()).role).toBe("editor");
        await at(link);
        await page.getByText("The invitation is over").waitFor();
        await looksWell("invite-over");
      });

      it("asks who is signed in, and takes no for an answer", async () => {
        const { link, slug } = await invited("Declined");
        await signIn(ada.token);
        await at(link);
        await page.getByText(`You are signed in as`).waitFor();
        await looksWell("invite-signed-in");
        await press("Decline");
        expect(await heading()).toBe("Declined");
        await looksWell("invite-declined");
        expect((await ada.call("GET", `/api/spaces/${slug}`)).status).toBe(404);
      });

      it("sets a new password", async () => {
        const eve = await person(api);
        const email = `${eve.username}@example.com`;
        await api.database.db.prisma.users.update({ where: { id: eve.user_id }, data: { email, email_verified_at: new Date() } });
        await at("/console/login");
        await page.getByRole("link", { name: "Forgot the password?" }).click();
        await looksWell("reset-ask");
        await page.getByLabel("Username").fill(eve.username);
        await press("Send a link");
        await looksWell("reset-sent");
        await at(`/console/reset#${await mailed(api, "reset", email)}`);
        await page.getByLabel(/^New password/).waitFor();
        await looksWell("reset");
        await page.getByLabel(/^New password/).fill(secret);
        await press("Set it");
        await looksWell("reset-done");
        await page.getByRole("link", { name: "Sign in" }).click();
        await page.getByLabel("Username").fill(eve.username);
        await page.getByLabel("Password").fill(secret);
        await press("Sign in");
        await page.waitForURL("**/docs/");
        expect(await who()).toBe(eve.username);
      });
    });

    describe("an app that asks", () => {
      const begun = async (given: Record<string, string> = {}) => {
        const redirect_uri = `${elsewhere.url}/callback`;
        const client_name = 'An app of <b>somebody</b> & "co", with a name that is rather long';
        const app = await registeredClient(ada.call, { client_name, redirect_uris: [redirect_uri] });
        const client = await clientOf(api.url, app);
        const asked = await asking(client, { redirect_uri, scope: "openid profile email spaces:read run:plan", ...given });
        elsewhere.answer("/callback", 200, 200);
        const back = async () => {
          await page.waitForURL(`${redirect_uri}?**`);
          return new URL(page.url());
        };
        return { app, asked, client, back };
      };

      it("gets what was allowed, once, although Allow was pressed twice", async () => {
        const { app, asked, client, back } = await begun();
        await signIn(ada.token);
        await page.goto(asked.url.href);
        expect(await page.locator("main").innerText()).toContain('An app of <b>somebody</b> & "co", with');
        await looksWell("consent");
        await page.getByRole("button", { name: "Allow" }).dblclick();
        const checks = { pkceCodeVerifier: asked.verifier, expectedState: asked.state, expectedNonce: asked.nonce };
        const { access_token } = await oidc.authorizationCodeGrant(client, await back(), checks);
        expect((await caller(api.url, access_token)("GET", "/api/projects")).status).toBe(200);
        expect(await api.database.db.prisma.oauth_consents.count({ where: { client_id: app.client_id } })).toBe(1);
      });

      it("gets nothing from a page that somebody else answers who signed in since", async () => {
        const { app, asked } = await begun();
        await signIn(ada.token);
        const hers = await window.context.newPage();
        await hers.goto(asked.url.href);
        await window.context.clearCookies();
        await signIn((await person(api)).token);
        await hers.getByRole("button", { name: "Allow" }).click();
        await hers.getByRole("alert").waitFor();
        expect(await flawsOf(hers, "consent-of-another")).toEqual([]);
        expect(await api.database.db.prisma.oauth_consents.count({ where: { client_id: app.client_id } })).toBe(0);
      });

      it("is told no, and hears so", async () => {
        const { asked, back } = await begun();
        await signIn(ada.token);
        await page.goto(asked.url.href);
        await press("Deny");
        expect((await back()).searchParams.get("error")).toBe("access_denied");
      });

      it("may ask for another sign-in, and not in a way that is not valid", async () => {
        const { asked } = await begun({ prompt: "login" });
        await signIn(ada.token);
        await page.goto(asked.url.href);
        await looksWell("sign-in-again");
        await press("Go to the sign-in");
        expect(await page.getByLabel("Username").count()).toBe(1);
        asked.url.searchParams.set("redirect_uri", "https://evil.example/callback");
        await page.goto(asked.url.href);
        await looksWell("consent-refused");
        expect(new URL(page.url()).origin).toBe(api.url);
      });
    });

    describe("a device", () => {
      const begun = async () => {
        const grant_types = ["urn:ietf:params:oauth:grant-type:device_code"];
        const given = { client_name: "A television", redirect_uris: [], grant_types, token_endpoint_auth_method: "none" };
        const { client_id } = await registeredClient(ada.call, given);
        return (await posted(api.url, "/oauth/device/code", { client_id, scope: "openid spaces:read" })).body;
      };

      it("is allowed by its code", async () => {
        const { user_code } = await begun();
        await signIn(ada.token);
        await at("/oauth/device");
        await looksWell("device-code");
        await page.getByLabel("The code that the device shows").fill(user_code.toLowerCase());
        await press("Go on");
        await looksWell("device");
        await page.getByRole("button", { name: "Allow" }).dblclick();
        await page.getByRole("heading", { name: "Device allowed" }).waitFor();
        await at(`/oauth/device?user_code=${user_code}`);
        await looksWell("device-unknown");
      });
    });

    describe("a program on this machine", () => {
      const asked = () => `/auth/cli?${new URLSearchParams({ callback: `${elsewhere.url}/done`, state: "s".repeat(40) })}`;

      it("gets a token by a form once the person said so, and nothing before", async () => {
        await signIn(ada.token);
        await at(asked());
        await looksWell("program");
        expect(elsewhere.received.filter(({ path }) => path === "/done")).toEqual([]);
        elsewhere.answer("/done", 200);
        await press("Allow");
        const [{ body = "" } = {}] = await elsewhere.of("/done", 1);
        const given = new URLSearchParams(body);
        expect(given.get("state")).toBe("s".repeat(40));
        expect((await caller(api.url, given.get("token"))("GET", "/api/me")).body.username).toBe(ada.username);
        expect(page.url()).not.toContain("tak_ses_");
      });

      it("waits until somebody who just came has a username", async () => {
        await signIn((await createActor(api.database.db)).token);
        await at(asked());
        expect(await heading()).toBe("Choose a username");
        await looksWell("setup");
        await page.getByLabel("Username").fill(ada.username);
        await press("Go on");
        expect(await page.getByRole("alert").innerText()).toContain("is taken");
        await page.getByLabel("Username").fill("just-came");
        await press("Go on");
        await page.getByText("just-came").waitFor();
        expect(await heading()).toBe("Sign a program in?");
      });
    });
  });
