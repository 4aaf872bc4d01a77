import { readdir, readFile } from "node:fs/promises";
import { request } from "node:http";
import { connect } from "node:net";
import { join } from "node:path";
import { createActor } from "@takosumi/testkit/actors";
import { startApi, type TestApi } from "@takosumi/testkit/api";
import { browserOf } from "@takosumi/testkit/browser";
import { type Answer, type Call, caller } from "@takosumi/testkit/call";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { countedOperations } from "../src/pipeline/attempts/counted.ts";
import { refused } from "./deploy.ts";
import { mailed } from "./mails.ts";
import { operations } from "./operations.ts";

let api: TestApi;
let replica: TestApi;
let nobody: Call;
let cookie: string;
const limits = { TAKOSUMI_SIGN_IN_RATE_LIMIT: "6", TAKOSUMI_TOKEN_RATE_LIMIT: "5" };
beforeAll(async () => {
  api = await startApi({ env: limits });
  replica = await startApi({ env: limits, replicaOf: api });
  nobody = caller(api.url, null);
  ({ cookie } = await browserOf(api.url, api.token));
});
afterAll(async () => {
  await replica?.close();
  await api?.close();
});

/** `fetch` lets nobody choose a Host. */
const asked = (
  host: string,
  path: string,
  headers: Record<string, string> = {},
  sent?: object,
): Promise<{ status: number; body: string }> =>
  new Promise((resolve, reject) => {
    const { hostname, port } = new URL(api.url);
    const json = sent && { "content-type": "application/json" };
    request({ hostname, port, path, method: sent ? "POST" : "GET", headers: { ...json, ...headers, host } }, (response) => {
      let body = "";
      response.on("data", (chunk) => {
        body += chunk;
      });
      response.on("end", () => resolve({ status: response.statusCode ?? 0, body }));
    })
      .on("error", reject)
      .end(sent && JSON.stringify(sent));
  });

// Before the limits are met.
it("writes links to the instance alone into mails, whatever the Host of the request", async () => {
  const { user_id, token } = await createActor(api.database.db);
  const email = `${user_id}@example.com`;
  const { username } = await api.database.db.prisma.users.update({
    where: { id: user_id },
    data: { email, email_verified_at: new Date() },
  });
  const host = "evil.example";
  expect((await asked(host, "/api/auth/reset", {}, { username })).status).toBe(400);
  const shown = { authorization: `Bearer ${token}`, "x-forwarded-host": host, "x-forwarded-proto": "https", forwarded: `host=${host}` };
  expect((await asked(host, "/api/auth/reset", shown, { username })).status).toBe(200);
  expect(await mailed(api, "reset", email)).toMatch(/^[A-Za-z0-9_-]{43}$/);
  const outbox = join(api.dataDir, "outbox");
  const texts = await Promise.all((await readdir(outbox)).map((name) => readFile(join(outbox, name), "utf8")));
  expect(texts.join("\n")).not.toContain(host);
  const made = JSON.parse((await asked(host, "/api/me/sign-in-codes", shown, {})).body);
  expect(made.url).toMatch(new RegExp(`^${api.url}/console/welcome#`));
});

describe("limits", () => {
  /** Two whole minutes' worth and one more, so that the turn of a minute makes no difference. */
  const until = async (limit: number, send: (i: number) => Promise<Answer>): Promise<Answer> => {
    for (let i = 0; i <= 2 * limit; i++) {
      const answer = await send(i);
      if (answer.status === 429) return answer;
    }
    throw new Error(`${2 * limit + 1} were all let through`);
  };
  const limited = (answer: Answer) => {
    refused(answer, 429, "attempts");
    const after = Number(answer.headers.get("retry-after"));
    expect(after).toBeGreaterThanOrEqual(1);
    expect(after).toBeLessThanOrEqual(60);
    expect(answer.body.error.details.retry_after_ms).toBeLessThanOrEqual(60_000);
  };

  it("on passwords and codes hold for an address over all processes together", async () => {
    limited(
      await until(6, (i) =>
        caller((i % 2 ? api : replica).url, null)("POST", "/api/auth/password", { body: { username: `user-${i}`, password: "a guess" } }),
      ),
    );
    limited(await until(6, () => nobody("POST", "/api/auth/code", { body: { code: "a-guess" } })));
    limited(await until(6, (i) => nobody("GET", `/api/invitations/${"x".repeat(40)}${i}`)));
    expect((await api.call("GET", "/api/me")).status).toBe(200);
  });

  it("on tokens and user names hold for a caller", async () => {
    limited(await until(5, (i) => api.call("POST", "/api/setup/check-username", { body: { username: `name-${i}` } })));
    limited(await until(5, () => api.call("POST", "/api/me/personal-access-tokens", { body: { name: "t" } })));
  });

  it("are told on every answer that counts", async () => {
    const { headers } = await api.call("GET", "/api/me");
    expect([headers.get("x-ratelimit-limit"), Number(headers.get("x-ratelimit-remaining")) > 0]).toEqual(["1000000", true]);
    expect(Math.abs(Number(headers.get("x-ratelimit-reset")) - Date.now() / 1_000)).toBeLessThan(120);
    expect((await nobody("GET", "/healthz")).headers.get("x-ratelimit-limit")).toBeNull();
  });

  it("name operations that there are", () => {
    const known = new Set(operations.map(({ id }) => id));
    expect([...countedOperations.keys()].filter((id) => !known.has(id))).toEqual([]);
  });
});

describe("the door", () => {
  it("answers nobody who means another host, but probes and whoever shows a token", async () => {
    const { host, port } = new URL(api.url);
    for (const wrong of ["evil.example", `evil.example:${port}`, "127.0.0.1:1", `${host}.evil.example`, `evil.example#@${host}`]) {
      const { status, body } = await asked(wrong, "/console/login");
      expect([wrong, status]).toEqual([wrong, 400]);
      expect(body).toContain('"reason":"host"');
    }
    for (const path of ["/console/login", "/docs/", "/openapi.json"]) expect((await asked(host, path)).status).toBe(200);
    expect((await asked(`localhost:${port}`, "/console/login")).status).toBe(200);
    expect((await asked("evil.example", "/healthz")).status).toBe(200);
    expect((await asked("evil.example", "/api/me", { authorization: `Bearer ${api.token}` })).status).toBe(200);
    expect((await asked("evil.example", "/api/me", { cookie })).status).toBe(400);
  });

  it.each(["/api/me", "/console/login", "/docs/", "/nothing", "/healthz", "/openapi.json"])(
    "says on %s what a browser must not do",
    async (path) => {
      const { headers } = await nobody("GET", path);
      expect(headers.get("x-content-type-options")).toBe("nosniff");
      expect(headers.get("x-frame-options")).toBe("DENY");
      expect(headers.get("referrer-policy")).toBe("same-origin");
      expect(headers.get("content-security-policy")).toContain("frame-ancestors 'none'");
      expect(headers.get("content-security-policy")).toContain("default-src 'none'");
      expect(headers.get("access-control-allow-origin")).toBeNull();
      expect(headers.get("access-control-allow-credentials")).toBeNull();
    },
  );

  it.each([
    "//evil.example",
    "/\\evil.example",
    "/\t/evil.example",
    "/.//evil.example",
    "/%2e//evil.example",
    "/docs/..//evil.example",
    "/docs/%2E%2e//evil.example/",
    "/docs/../..//evil.example?a=b#c",
    "\u2028//evil.example",
    " //evil.example",
    "https:evil.example",
    "javascript:alert(1)",
    "evil.example",
    "",
  ])("sends nobody on to %j", async (to) => {
    const given = new URLSearchParams({ return_to: to });
    const login = await nobody("GET", `/auth/login?${given}`);
    expect(login.headers.get("location")).toBe("/console/login?return_to=%2Fdocs%2F");
    for (const page of ["/console/login", "/console/welcome"])
      expect((await nobody("GET", `${page}?${given}`)).body).toContain('name="return_to" value="/docs/"');
  });

  it("lets no socket in by a cookie from elsewhere", async () => {
    const handshake = (origin: string): Promise<string> =>
      new Promise((resolve, reject) => {
        const { hostname, port, host } = new URL(api.url);
        const socket = connect(Number(port), hostname);
        const lines = [
          "GET /api/notifications/ws HTTP/1.1",
          `Host: ${host}`,
          `Cookie: ${cookie}`,
          `Origin: ${origin}`,
          "Connection: Upgrade",
        ];
        const key = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==";
        socket.write([...lines, "Upgrade: websocket", "Sec-WebSocket-Version: 13", key, "", ""].join("\r\n"));
        socket.once("data", (data) => {
          socket.destroy();
          resolve(data.toString().slice(0, 12));
        });
        socket.on("error", reject);
      });
    expect(await handshake("https://evil.example")).toBe("HTTP/1.1 403");
    expect(await handshake(api.url)).toBe("HTTP/1.1 101");
  });

  it("over https has a cookie that no other host or path can set", async () => {
    const other = await startApi({ env: { TAKOSUMI_PUBLIC_URL: "https://takosumi.example" } });
    try {
      const { code } = (await other.call("POST", "/api/me/sign-in-codes", { body: {} })).body;
      const headers = { authorization: `Bearer ${other.token}` };
      const answer = await caller(other.url, null)("POST", "/api/auth/code", { body: { code }, headers });
      expect(answer.headers.getSetCookie()[0]).toMatch(
        /^__Host-tp_session=[^;]+; Path=\/; HttpOnly; SameSite=Lax; Max-Age=604800; Secure$/,
      );
      expect(answer.headers.get("strict-transport-security")).toContain("max-age=");
      expect((await caller(other.url, null)("GET", "/api/me")).body.error.details.reason).toBe("host");
    } finally {
      await other.close();
    }
  });
});
