import { startApi, type TestApi } from "@takosumi/testkit/api";
import { browserOf } from "@takosumi/testkit/browser";
import { type Chromium, startChromium, type Window } from "@takosumi/testkit/chromium";
import { type PageServer, startPageServer } from "@takosumi/testkit/page-server";
import { tools } from "@takosumi/testkit/tools";
import type { Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type Registered, registeredClient } from "./oauth.ts";

interface Init {
  readonly method?: string;
  readonly headers?: Record<string, string>;
  readonly body?: string;
  readonly credentials?: "include";
}
/** Runs in the page: asks as a script does. What the browser keeps from it is "refused". */
async function asked({
  url,
  init,
}: {
  url: string;
  init: Init;
}): Promise<{ status: number; text: string; requestId: string | null } | "refused"> {
  try {
    const answer = await fetch(url, init);
    return { status: answer.status, text: await answer.text(), requestId: answer.headers.get("x-request-id") };
  } catch {
    return "refused";
  }
}

if (tools.chromium)
  describe("an app that lives in a page of another origin", () => {
    let api: TestApi;
    let chromium: Chromium;
    let site: PageServer;
    let window: Window;
    let page: Page;
    let app: Registered;
    const origin = (host: string) => `http://${host}:${site.port}`;
    beforeAll(async () => {
      [chromium, site] = await Promise.all([startChromium(), startPageServer()]);
      api = await startApi({ env: { TAKOSUMI_BROWSER_ORIGINS: origin("board.example") } });
      const given = {
        redirect_uris: [`${origin("127.0.0.1")}/callback`],
        token_endpoint_auth_method: "none",
        scope: "openid spaces:write",
      };
      app = await registeredClient(api.call, given);
    });
    afterAll(async () => {
      await chromium?.close();
      await api?.close();
      await site?.close();
    });
    beforeEach(async () => {
      window = await chromium.open();
      ({ page } = window);
      const [name = "", value = ""] = (await browserOf(api.url, api.token)).cookie.split("=");
      await window.context.addCookies([{ name, value, url: api.url, httpOnly: true, sameSite: "Lax" }]);
    });
    afterEach(() => window.context.close());

    const ask = (path: string, init: Init = {}) => page.evaluate(asked, { url: api.url + path, init });
    const form = (fields: Readonly<Record<string, string>>): Init => ({
      method: "POST",
      headers: { "content-type": "application/x-www-form-urlencoded" },
      body: new URLSearchParams({ client_id: app.client_id, ...fields }).toString(),
    });
    const bearer = (token: string, more: Readonly<Record<string, string>> = {}) => ({ authorization: `Bearer ${token}`, ...more });

    it("is allowed by its person, gets tokens, calls the API with them, and gives them back", async () => {
      await page.goto(origin("127.0.0.1"));
      const found = await ask("/.well-known/openid-configuration");
      expect(found).toMatchObject({ status: 200, text: expect.stringContaining(`${api.url}/oauth/token`) });
      const redirect_uri = `${origin("127.0.0.1")}/callback`;
      const { verifier, challenge } = await page.evaluate(async () => {
        const text = (bytes: Uint8Array) =>
          btoa(String.fromCharCode(...bytes))
            .replace(/\+/g, "-")
            .replace(/\//g, "_")
            .replace(/=/g, "");
        const verifier = text(crypto.getRandomValues(new Uint8Array(32)));
        const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(verifier));
        return { verifier, challenge: text(new Uint8Array(digest)) };
      });
      const request = { response_type: "code", client_id: app.client_id, redirect_uri, scope: "openid spaces:write", state: "s" };
      const query = new URLSearchParams({ ...request, code_challenge: challenge, code_challenge_method: "S256" });
      await page.goto(`${api.url}/oauth/authorize?${query}`);
      await page.getByRole("button", { name: "Allow" }).click();
      await page.waitForURL(`${redirect_uri}?**`);
      const code = new URL(page.url()).searchParams.get("code") ?? "";
      const exchange = { grant_type: "authorization_code", code, code_verifier: verifier, redirect_uri };
      const given = await ask("/oauth/token", form(exchange));
      expect(given).toMatchObject({ status: 200 });
      const { access_token, refresh_token } = JSON.parse(given === "refused" ? "{}" : given.text);
      expect(await ask("/oauth/userinfo", { headers: bearer(access_token) })).toMatchObject({ status: 200 });
      const made = await ask("/api/projects", {
        method: "POST",
        headers: bearer(access_token, { "content-type": "application/json", "idempotency-key": "once" }),
        body: JSON.stringify({ name: "from a page" }),
      });
      expect(made).toMatchObject({ status: 201, requestId: expect.stringMatching(/^req_/) });
      const wrong = await ask("/oauth/token", form({ grant_type: "refresh_token", refresh_token: "x" }));
      expect(wrong).toMatchObject({ status: 400, text: expect.stringContaining("invalid_grant") });
      expect(await ask("/oauth/revoke", form({ token: refresh_token }))).toMatchObject({ status: 200 });
      expect(await ask("/api/projects", { headers: bearer(access_token) })).toMatchObject({ status: 401 });
    });

    it("has nothing of the cookie, wherever it lives", async () => {
      for (const host of ["127.0.0.1", "board.example"]) {
        await page.goto(origin(host));
        expect(await ask("/api/me")).toBe("refused");
        expect(await ask("/api/me", { credentials: "include" })).toBe("refused");
      }
    });

    it("calls with a token where the instance names its origin, and nowhere else", async () => {
      const calls: [string, Init?][] = [
        ["/api/me", { headers: bearer(api.token) }],
        ["/oauth/token", form({ grant_type: "refresh_token", refresh_token: "x" })],
        ["/.well-known/jwks.json"],
      ];
      await page.goto(origin("board.example"));
      for (const [path, init] of calls) expect(await ask(path, init), path).toMatchObject({ status: expect.any(Number) });
      for (const [path, init] of [["/openapi.json"], ["/oauth/introspect", form({ token: "x" })]] as [string, Init?][])
        expect(await ask(path, init), path).toBe("refused");
      for (const host of ["evil.example", "localhost", "board.example.evil.example"]) {
        await page.goto(origin(host));
        for (const [path, init] of calls) expect(await ask(path, init), `${host} ${path}`).toBe("refused");
      }
    });
  });
