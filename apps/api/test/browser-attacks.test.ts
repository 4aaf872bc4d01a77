import { startApi, type TestApi } from "@takosumi/testkit/api";
import { browserOf } from "@takosumi/testkit/browser";
import { type Chromium, startChromium, type Window } from "@takosumi/testkit/chromium";
import { type PageServer, startPageServer } from "@takosumi/testkit/page-server";
import { tools } from "@takosumi/testkit/tools";
import type { Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type Person, person } from "./people.ts";

if (tools.chromium)
  describe("another site in the browser of somebody who is signed in", () => {
    let api: TestApi;
    let chromium: Chromium;
    let evil: PageServer;
    let window: Window;
    let page: Page;
    let ada: Person;
    let session: { readonly name: string; readonly value: string };
    beforeAll(async () => {
      [chromium, api, evil] = await Promise.all([startChromium(), startApi(), startPageServer()]);
      ada = await person(api);
    });
    afterAll(async () => {
      await chromium?.close();
      await api?.close();
      await evil?.close();
    });
    beforeEach(async () => {
      window = await chromium.open();
      ({ page } = window);
      const [name = "", value = ""] = (await browserOf(api.url, ada.token)).cookie.split("=");
      session = { name, value };
      await window.context.addCookies([{ name, value, url: api.url, httpOnly: true, sameSite: "Lax" }]);
    });
    afterEach(() => window.context.close());

    /** Another site, and the same site on another port, from where our cookie is sent along. */
    const sites = ["evil.example", "127.0.0.1"] as const;
    const at = (site: string, path: string) => `http://${site}:${evil.port}${path}`;
    const cookie = async () => (await window.context.cookies(api.url)).find(({ name }) => name === session.name)?.value;
    const told = () => window.context.request.get(`${api.url}/api/me/settings`).then((answer) => answer.json());
    const recorded = () =>
      api.database.db.prisma.audit_events.count({ where: { chain_id: ada.workspace_id, action: { not: "access.denied" } } });
    /** Everything that ada has stays as it was, and she stays signed in. */
    async function unchanged(attack: () => Promise<unknown>): Promise<void> {
      const before = [await cookie(), await told(), await recorded()];
      await attack();
      expect([await cookie(), await told(), await recorded()]).toEqual(before);
    }

    describe.each(sites)("at %s", (site) => {
      const form = (action: string, fields: Readonly<Record<string, string>>, type = "application/x-www-form-urlencoded") =>
        `<form method="post" enctype="${type}" action="${api.url}${action}">${Object.entries(fields)
          .map(([name, value]) => `<input type="hidden" name='${name}' value='${value}'>`)
          .join("")}<button>Win a prize</button></form>`;

      it.each([
        ["signs nobody out", "/auth/logout", {}],
        ["signs nobody in as somebody else", "/auth/password", { username: "eve", password: "a password of hers" }],
        ["signs nobody in by a code", "/auth/code", { code: "a-code-of-hers" }],
        ["gives no program a token", "/auth/cli/callback", { callback: "http://127.0.0.1:40123/", action: "allow" }],
        ["allows no app", "/oauth/authorize", { client_id: "x", action: "approve", csrf_token: "0.x" }],
        ["allows no device", "/oauth/device", { user_code: "BCDF-GHJK", action: "approve", csrf_token: "0.x" }],
        ["takes no invitation", "/console/invite", { token: "of-hers", action: "accept" }],
        ["sets no password", "/console/reset", { code: "of-hers", new_password: "a password of hers" }],
      ])("%s by a form that is pressed", async (_, action, fields) => {
        evil.page("/form", form(action, fields));
        await page.goto(at(site, "/form"));
        await unchanged(async () => {
          const [answer] = await Promise.all([
            page.waitForResponse((response) => response.url() === api.url + action),
            page.getByRole("button").click(),
          ]);
          // The cookie is not even sent from another site; where it is, the Origin of the form gives it away.
          expect([401, 403]).toContain(answer.status());
          await page.getByRole("alert").waitFor();
        });
      });

      it("changes nothing by a form that pretends to be JSON, nor by a script", async () => {
        evil.page("/json", form("/api/me/personal-access-tokens", { '{"name":"x","a":"': '"}' }, "text/plain"));
        await page.goto(at(site, "/json"));
        await unchanged(async () => {
          await Promise.all([page.waitForResponse(`${api.url}/api/me/personal-access-tokens`), page.getByRole("button").click()]);
          await page.goto(at(site, "/"));
          const outcomes = await page.evaluate(async (url) => {
            const ask = (path: string, init: RequestInit) =>
              fetch(url + path, { credentials: "include", ...init }).then(
                ({ type }) => type,
                () => "refused",
              );
            const json = { "content-type": "application/json" };
            const change = JSON.stringify({ private_account: true });
            return [
              await ask("/api/me", {}),
              await ask("/api/me/settings", { method: "PATCH", headers: json, body: change }),
              await ask("/api/me/settings", { method: "PATCH", body: change }),
              await ask("/api/me/personal-access-tokens", { method: "POST", headers: json, body: '{"name":"x"}' }),
              await ask("/auth/logout", { method: "POST", mode: "no-cors", body: new URLSearchParams() }),
              await ask("/api/auth/logout", { method: "POST", mode: "no-cors", body: "{}" }),
              // A GET that makes a token for another service of ours, and ends older ones.
              await ask("/auth/external/session", { mode: "no-cors" }),
              navigator.sendBeacon(`${url}/auth/logout`, new URLSearchParams()),
            ];
          }, api.url);
          // What comes back without CORS can be sent, and says nothing.
          expect(outcomes).toEqual(["refused", "refused", "refused", "refused", "opaque", "opaque", "opaque", true]);
        });
        expect((await ada.call("GET", "/api/me/personal-access-tokens")).body.tokens).not.toContainEqual(
          expect.objectContaining({ name: "x" }),
        );
      });

      it("reads nothing by a script, a stream or a socket", async () => {
        await page.goto(at(site, "/"));
        const heard = await page.evaluate(async (url) => {
          const event = (target: EventTarget, ...names: string[]) =>
            new Promise<string>((resolve) => {
              for (const name of names) target.addEventListener(name, () => resolve(name), { once: true });
            });
          const script = Object.assign(document.createElement("script"), { src: `${url}/api/me` });
          document.body.append(script);
          return [
            await event(script, "load", "error"),
            await event(new EventSource(`${url}/api/notifications/sse`, { withCredentials: true }), "open", "error"),
            await event(new WebSocket(`${url.replace("http", "ws")}/api/notifications/ws`), "open", "error"),
            document.cookie.includes("tp_session"),
          ];
        }, api.url);
        expect(heard).toEqual(["error", "error", "error", false]);
      });

      it("shows none of our pages in a frame", async () => {
        const paths = ["/console/login", "/oauth/device", "/auth/cli?callback=http%3A%2F%2F127.0.0.1%3A40123%2F", "/docs/", "/api/me"];
        evil.page("/frames", paths.map((path) => `<iframe src="${api.url}${path}"></iframe>`).join(""));
        await page.goto(at(site, "/frames"));
        const [, ...frames] = page.frames();
        expect(frames).toHaveLength(paths.length);
        for (const frame of frames) {
          await frame.waitForLoadState();
          expect(frame.url()).toBe("chrome-error://chromewebdata/");
        }
      });
    });

    it("may lead to us, where the cookie is known again, and hears nothing of where from", async () => {
      evil.page("/link", `<a href="${api.url}/oauth/device">go</a>`);
      await page.goto(at("evil.example", "/link"));
      await page.getByRole("link").click();
      await page.getByRole("heading", { name: "Allow a device" }).waitFor();
    });

    it("that its name server points at us gets nothing", async () => {
      const rebound = api.url.replace("127.0.0.1", "evil.example");
      for (const path of ["/console/login", "/api/me", "/docs/", "/openapi.json"]) {
        const answer = await page.goto(rebound + path);
        expect([path, answer?.status()]).toEqual([path, 400]);
      }
    });

    it("plants no session: what a browser had before it signs in is no session of who signs in", async () => {
      const eve = await person(api);
      const planted = (await browserOf(api.url, eve.token)).cookie;
      await window.context.clearCookies();
      // Cookies are shared between the ports of a host.
      evil.page("/plant", "", `${planted}; Path=/`);
      await page.goto(at("127.0.0.1", "/plant"));
      const { url } = (await ada.call("POST", "/api/me/sign-in-codes", { body: {} })).body;
      await page.goto(url.replace("/welcome#", "/welcome?return_to=/oauth/device#"));
      await page.getByRole("button", { name: "Sign in" }).click();
      await page.waitForURL("**/oauth/device");
      expect(await cookie()).not.toBe(planted.split("=")[1]);
      const asEve = await fetch(`${api.url}/api/me`, { headers: { cookie: planted } });
      expect(asEve.status).toBe(401);
      // One of the same name on a longer path would be sent first: of two, none counts.
      evil.page("/longer", "", `${planted}; Path=/api`);
      await page.goto(at("127.0.0.1", "/longer"));
      expect((await window.context.request.get(`${api.url}/api/me`)).status()).toBe(401);
    });

    it("is not where signing in leads to", async () => {
      await window.context.clearCookies();
      const { call } = await browserOf(api.url, ada.token);
      await call("PUT", "/api/me/password", { body: { new_password: "correct horse battery staple" } });
      const to = `evil.example:${evil.port}`;
      const ways = [`//${to}`, `/\\${to}`, `/.//${to}`, `/\t/${to}`, `https:${to}`];
      for (const way of ways) {
        await page.goto(`${api.url}/console/login?${new URLSearchParams({ return_to: way })}`);
        await page.getByLabel("Username").fill(ada.username);
        await page.getByLabel("Password").fill("correct horse battery staple");
        const [answer] = await Promise.all([
          page.waitForResponse((response) => response.request().isNavigationRequest() && response.status() !== 303),
          page.getByRole("button", { name: "Sign in" }).click(),
        ]);
        expect([way, new URL(answer.url()).origin]).toEqual([way, api.url]);
        await window.context.clearCookies();
      }
    });

    it("learns nothing of a session that was signed out, also where its cookie was kept", async () => {
      await page.goto(`${api.url}/oauth/device`);
      await page.evaluate(() => {
        const form = Object.assign(document.createElement("form"), { method: "post", action: "/auth/logout" });
        document.body.append(form);
        form.submit();
      });
      await page.waitForURL("**/console/login**");
      expect(await cookie()).toBeUndefined();
      const { name, value } = session;
      expect((await fetch(`${api.url}/api/me`, { headers: { cookie: `${name}=${value}` } })).status).toBe(401);
      await page.goBack();
      await page.waitForURL("**/console/login**");
    });
  });
