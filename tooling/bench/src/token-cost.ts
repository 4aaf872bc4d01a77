// What a token costs: GET /api/seed-repositories with one against without, which asks the database nothing; then an introspection, and an
// app's own token: node tooling/bench/src/token-cost.ts URL [requests a round], with TOKEN. Prints ratios of times, and milliseconds.
import { Agent, request } from "node:http";
import { asCaller } from "./calls.ts";
import { env } from "./env.ts";
import { median, percentile } from "./measure.ts";

const [, , url = "http://127.0.0.1:8787", requests = "2000"] = process.argv;
const count = Number(requests);
const agent = new Agent({ keepAlive: true, maxSockets: 16 });

interface Sent {
  readonly path: string;
  readonly token?: string;
  readonly form?: Readonly<Record<string, string>>;
}
const form = { "content-type": "application/x-www-form-urlencoded" };
/** Sends one, and waits for the whole answer. */
const send = ({ path, token, form: fields }: Sent): Promise<string> =>
  new Promise((resolve, reject) => {
    const headers = { ...(token && { authorization: `Bearer ${token}` }), ...(fields && form) };
    const sending = request(url + path, { agent, headers, method: fields ? "POST" : "GET" }, (response) => {
      let text = "";
      response.setEncoding("utf8").on("data", (chunk: string) => {
        text += chunk;
      });
      response.on("end", () =>
        response.statusCode === 200 ? resolve(text) : reject(new Error(`${path}: ${response.statusCode} ${text}`)),
      );
    });
    sending.on("error", reject);
    sending.end(fields && new URLSearchParams(fields).toString());
  });

/** Milliseconds a request, with so many at once. */
async function mean(what: Sent, atOnce: number): Promise<number> {
  let left = count;
  const begun = performance.now();
  const one = async () => {
    while (left-- > 0) await send(what);
  };
  await Promise.all(Array.from({ length: atOnce }, one));
  return (performance.now() - begun) / count;
}
/** Milliseconds of each, one after the other. */
async function alone(what: Sent): Promise<number[]> {
  const times: number[] = [];
  for (let i = 0; i < count / 4; i++) {
    const begun = performance.now();
    await send(what);
    times.push(performance.now() - begun);
  }
  return times;
}

const seeds = { path: "/api/seed-repositories" };
const known = { ...seeds, token: env.TOKEN };
const grant = { grant_types: ["client_credentials"], redirect_uris: [], scope: "spaces:read" };
const made = await asCaller(url)<{ client_id: string; client_secret: string }>("/api/me/oauth/clients", { client_name: "bench", ...grant });
const client = { client_id: made.client_id, client_secret: made.client_secret };
const given = JSON.parse(await send({ path: "/oauth/token", form: { grant_type: "client_credentials", ...client } })) as {
  access_token: string;
};
const byApp = { ...seeds, token: given.access_token };
const introspect = { path: "/oauth/introspect", form: { ...client, token: given.access_token } };

for (const what of [seeds, known, byApp, introspect]) await mean(what, 16);
for (const atOnce of [16, 1]) {
  const pairs: { bare: number; pat: number; oauth: number }[] = [];
  for (let round = 0; round < 7; round++)
    pairs.push({ bare: await mean(seeds, atOnce), pat: await mean(known, atOnce), oauth: await mean(byApp, atOnce) });
  const ratio = (of: "pat" | "oauth") => median(pairs.map((pair) => pair[of] / pair.bare)).toFixed(2);
  const bare = median(pairs.map((pair) => pair.bare)).toFixed(3);
  console.log(`${atOnce} at once: without a token ${bare} ms, with a PAT ${ratio("pat")} of it, with an OAuth token ${ratio("oauth")}`);
}
for (const [name, what] of Object.entries({
  "without a token": seeds,
  "with a PAT": known,
  "with an OAuth token": byApp,
  introspection: introspect,
})) {
  const times = await alone(what);
  console.log(`${name}: p50 ${median(times).toFixed(2)} ms, p95 ${percentile(times, 0.95).toFixed(2)} ms`);
}
agent.destroy();
