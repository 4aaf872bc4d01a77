// The official release of OpenTofu: downloaded, its checksum verified, unpacked.
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { chmodSync, createWriteStream, readFileSync, rmSync } from "node:fs";
import https from "node:https";
import { join } from "node:path";
import { say } from "./cache.mjs";

const CONNECT_MS = 5_000;
const STALL_MS = 30_000;
const MOST_BYTES = 200 * 1024 * 1024;
const MOST_REDIRECTS = 5;

/** Puts `tofu` into `folder`. Throws where the release cannot be reached within 5 s, stalls, or is not what its sum says. */
export async function downloadRelease(version, platform, folder) {
  const base = `https://github.com/opentofu/opentofu/releases/download/v${version}`;
  const name = `tofu_${version}_${platform}.tar.gz`;
  const pinned = JSON.parse(readFileSync(new URL("release.json", import.meta.url), "utf8")).sha256[name];
  const expected = pinned ?? publishedSum((await fetchBytes(`${base}/tofu_${version}_SHA256SUMS`, 64 * 1024)).toString("utf8"), name);
  if (!pinned) say(`no sum of ${name} is pinned here: it is checked against the release's own list`);
  const archive = join(folder, name);
  const digest = await fetchFile(`${base}/${name}`, archive);
  if (digest !== expected) throw new Error(`${name} has sha256 ${digest}, expected ${expected}: it was not installed`);
  const { status, stderr } = spawnSync("tar", ["-xzf", archive, "-C", folder, "tofu"], { encoding: "utf8" });
  if (status !== 0) throw new Error(`${name} cannot be unpacked: ${stderr}`);
  rmSync(archive);
  chmodSync(join(folder, "tofu"), 0o755);
}

/** The sum of one file in a SHA256SUMS list. */
export function publishedSum(list, name) {
  const line = list.split("\n").find((one) => one.trim().split(/\s+/)[1] === name);
  const sum = line?.trim().split(/\s+/)[0] ?? "";
  if (!/^[0-9a-f]{64}$/.test(sum)) throw new Error(`the release lists no sum of ${name}`);
  return sum;
}

async function fetchBytes(url, most) {
  const chunks = [];
  let length = 0;
  for await (const chunk of await get(url)) {
    length += chunk.length;
    if (length > most) throw new Error(`${url} is larger than ${most} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

async function fetchFile(url, path) {
  const response = await get(url);
  const total = Number(response.headers["content-length"] ?? 0);
  const hash = createHash("sha256");
  const file = createWriteStream(path, { flags: "wx" });
  let [length, shown] = [0, 0];
  for await (const chunk of response) {
    length += chunk.length;
    if (length > MOST_BYTES) throw new Error(`${url} is larger than ${MOST_BYTES} bytes`);
    hash.update(chunk);
    if (!file.write(chunk)) await once(file, "drain");
    if (total > 0 && length / total >= shown + 0.25)
      say(`downloading: ${Math.round(((shown += 0.25) * total) / 1e6)} of ${Math.round(total / 1e6)} MB`);
  }
  file.end();
  await once(file, "finish");
  return hash.digest("hex");
}

/** A GET that gives up when no connection stands after 5 s, or nothing comes for 30. */
function get(url, redirects = 0) {
  return new Promise((answer, failed) => {
    const request = https.get(url, { headers: { "user-agent": "takosumi-installer" } }, (response) => {
      const { statusCode = 0, headers } = response;
      if (statusCode >= 300 && statusCode < 400 && headers.location && redirects < MOST_REDIRECTS) {
        response.resume();
        answer(get(new URL(headers.location, url).href, redirects + 1));
      } else if (statusCode !== 200) {
        response.resume();
        failed(new Error(`${url} answered ${statusCode}`));
      } else answer(response);
    });
    const connecting = setTimeout(
      () => request.destroy(new Error(`no connection to ${new URL(url).host} within ${CONNECT_MS / 1000} s`)),
      CONNECT_MS,
    );
    request.once("socket", (socket) => socket.once("secureConnect", () => clearTimeout(connecting)));
    request.once("response", () => clearTimeout(connecting));
    request.setTimeout(STALL_MS, () => request.destroy(new Error(`${url} stalled`)));
    request.once("error", (error) => {
      clearTimeout(connecting);
      failed(error);
    });
  });
}
