import { once } from "node:events";
import { readdir } from "node:fs/promises";
import { request } from "node:http";
import { connect } from "node:net";
import { join } from "node:path";
import { type Packed, tarGz, zipOf } from "@takosumi/testkit/archives";
import type { Answer } from "@takosumi/testkit/call";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { DeployWorld, fieldPaths, refused } from "./deploy.ts";

const main = { name: "main.tf", body: 'resource "terraform_data" "a" {}\n' };
let world: DeployWorld;
beforeAll(async () => {
  world = await DeployWorld.start();
});
afterAll(() => world.close());

const send = (bytes: Uint8Array, type = "application/gzip", query = ""): Promise<Answer> =>
  world.call("POST", `/api/sources${query}`, { raw: new Uint8Array(bytes), headers: { "content-type": type } });
const upload = async (bytes: Uint8Array, type?: string) => {
  const answer = await send(bytes, type);
  expect(answer.status, JSON.stringify(answer.body)).toBe(201);
  return answer.body.source;
};
const snapshots = () => world.db.prisma.source_snapshots.count();

describe("an uploaded source", () => {
  it("is the same snapshot as the same files inline, packed either way, sent twice", async () => {
    const project_id = (await world.project()).id;
    const files = { "main.tf": main.body, "modules/a/a.tf": "# a\n" };
    const inline = await world.capsule({ project_id, name: "inline", source: { kind: "inline", files } });
    const packed = Object.entries(files).map(([name, body]) => ({ name, body }));
    const before = await snapshots();
    const sources = [await upload(tarGz(packed)), await upload(zipOf(packed), "application/zip"), await upload(tarGz(packed.toReversed()))];
    for (const source of sources)
      expect(source).toMatchObject({ digest: inline.source.digest, size_bytes: inline.source.size_bytes, file_count: 2, ignored_count: 0 });
    expect(new Set(sources.map(({ id }) => id)).size).toBe(3);
    expect(await snapshots()).toBe(before);
    const capsule = await world.capsule({ project_id, name: "uploaded", source: { kind: "upload", source_id: sources[0].id } });
    expect(capsule.source).toEqual({
      kind: "upload",
      source_id: sources[0].id,
      digest: inline.source.digest,
      size_bytes: inline.source.size_bytes,
      paths: ["main.tf", "modules/a/a.tf"],
    });
    expect((await world.plan(capsule.id)).source_snapshot.digest).toBe(inline.source.digest);
  });

  it("is read alone and in pages, is of its Workspace, and leaves an audit event", async () => {
    const source = await upload(tarGz([main]));
    expect((await world.ok("GET", `/sources/${source.id}`)).source).toEqual(source);
    const seen: string[] = [];
    for (let cursor: string | null = ""; cursor !== null; ) {
      const page: { sources: { id: string }[]; next_cursor: string | null } = await world.ok(
        "GET",
        `/api/sources?limit=2${cursor && `&cursor=${cursor}`}`,
      );
      seen.push(...page.sources.map(({ id }) => id));
      cursor = page.next_cursor;
    }
    expect(seen).toEqual(seen.toSorted());
    expect(seen).toContain(source.id);
    const { events } = await world.ok("GET", `/api/audit?action=source.created&limit=1`);
    expect(events[0]).toMatchObject({
      target: { type: "source", id: source.id },
      metadata: { source_digest: source.digest, file_count: 1 },
    });
    const stranger = await world.stranger();
    expect((await stranger("GET", `/api/sources/${source.id}`)).status).toBe(404);
    expect((await stranger("DELETE", `/api/sources/${source.id}`)).status).toBe(404);
    const viewer = await world.member(source.workspace_id, "viewer");
    expect((await viewer("GET", `/api/sources/${source.id}`)).status).toBe(200);
    refused(await viewer("DELETE", `/api/sources/${source.id}`), 403, "role", "source:write");
  });

  it("is deleted when no Capsule uses it, and then nothing can be made of it", async () => {
    const source = await upload(tarGz([{ name: "main.tf", body: "# to be deleted" }]));
    const given = { kind: "upload", source_id: source.id };
    const capsule = await world.capsule({ name: "user", source: given });
    refused(await world.call("DELETE", `/api/sources/${source.id}`), 409, "in_use", "user");
    await world.ok("DELETE", `/api/capsules/${capsule.id}`);
    expect((await world.call("DELETE", `/api/sources/${source.id}`)).status).toBe(204);
    expect((await world.call("GET", `/api/sources/${source.id}`)).status).toBe(404);
    const { id: project_id } = await world.project();
    const answer = await world.call("POST", "/api/capsules", { body: { project_id, name: "late", source: given } });
    expect(answer.status).toBe(404);
    expect(fieldPaths(answer)).toEqual(["source.source_id"]);
  });

  it("given to a Capsule of the same files is no new configuration; of others it is one", async () => {
    const capsule = await world.capsule({ name: "patched", source: { kind: "inline", files: { "main.tf": main.body } } });
    const same = await world.patch(capsule.id, { source: { kind: "upload", source_id: (await upload(tarGz([main]))).id } });
    expect(same).toMatchObject({ config_revision: capsule.config_revision, source: { kind: "upload", digest: capsule.source.digest } });
    const planned = await world.planned(capsule.id);
    const other = await upload(tarGz([{ name: "main.tf", body: "# other" }]));
    const changed = await world.patch(capsule.id, { source: { kind: "upload", source_id: other.id } });
    expect(changed.config_revision).toBe(capsule.config_revision + 1);
    expect(await world.statusOf(planned)).toBe("stale");
  });

  it("leaves out what .terraformignore names, and shows how many", async () => {
    const source = await upload(
      zipOf([main, { name: ".terraformignore", body: "*.md\n!keep.md\n" }, { name: "a.md" }, { name: "keep.md" }, { name: ".git/HEAD" }]),
      "application/zip",
    );
    expect(source).toMatchObject({ file_count: 3, ignored_count: 2 });
  });
});

describe("an archive that was built to hurt", () => {
  const cases: [string, Packed[], string][] = [
    ["a symbolic link out of the tree", [main, { name: "a/out", type: "2", target: "../../../etc/passwd" }], "a/out"],
    ["a symbolic link inside the tree", [main, { name: "in.tf", type: "2", target: "main.tf" }], "in.tf"],
    ["a device", [main, { name: "sda", type: "4" }], "sda"],
    ["a pipe", [main, { name: "fifo", type: "6" }], "fifo"],
    ["a path that leaves", [main, { name: "../../up.tf" }], "../../up.tf"],
    ["an absolute path", [main, { name: "/etc/cron.d/x" }], "/etc/cron.d/x"],
    ["a backslash", [main, { name: "..\\up.tf" }], "..\\up.tf"],
    ["a control character", [main, { name: "a\nb.tf" }], "a\nb.tf"],
    ["two names in two cases", [main, { name: "Main.tf" }], "Main.tf"],
    ["one name twice", [main, main], "main.tf"],
    ["a file that is a folder", [main, { name: "main.tf/x.tf" }], "main.tf"],
  ];
  it.each(cases)("%s is refused by name", async (_, entries, entry) => {
    const before = await snapshots();
    for (const answer of [await send(tarGz(entries)), await send(zipOf(entries), "application/zip")]) {
      expect(answer).toMatchObject({ status: 400, body: { error: { code: "BAD_REQUEST", details: { entry, fields: [{ path: "" }] } } } });
      expect(answer.body.error.message).toContain(JSON.stringify(entry));
    }
    expect(await snapshots()).toBe(before);
  });

  it("a hard link, a bomb, too many entries, a broken one", async () => {
    refused(await send(tarGz([main, { name: "h", type: "1", target: "main.tf" }])), 400, "bad_archive", "hard link");
    const bomb = { name: "zeros", body: Buffer.alloc(60 * 1024 * 1024) };
    refused(await send(tarGz([bomb])), 400, "archive_too_large", "200 times");
    refused(await send(zipOf([bomb]), "application/zip"), 400, "archive_too_large", "200 times");
    const many = Array.from({ length: 50_001 }, (_, i) => ({ name: `f${i}` }));
    refused(await send(tarGz(many)), 400, "archive_too_large", "50000 entries");
    refused(await send(tarGz([main]).subarray(0, 60)), 400, "bad_archive", "cut off");
    refused(await send(Buffer.from("PK nothing"), "application/zip"), 400, "bad_archive", "cut off");
    refused(await send(Buffer.from("no gzip at all")), 400, "bad_archive", "no gzip");
    refused(await send(zipOf([{ ...main, claims: 3 }]), "application/zip"), 400, "bad_archive");
  });

  it("of another type, or encoded, or for another's Workspace", async () => {
    refused(await send(tarGz([main]), "application/x-tar"), 415, "type", "application/gzip or application/zip");
    refused(await world.call("POST", "/api/sources", { body: {} }), 415, "type");
    const encoded = { "content-type": "application/gzip", "content-encoding": "gzip" };
    refused(await world.call("POST", "/api/sources", { raw: new Uint8Array(tarGz([main])), headers: encoded }), 415, "encoding");
    expect((await send(tarGz([main]), undefined, "?workspace_id=ws_01jd4r6m3xk8q2v7n5t9c0hbwe")).status).toBe(404);
    refused(await send(tarGz([main]), undefined, "?secret=x"), 400, "invalid");
  });

  it("of more than 100 MiB, said or not: 413", async () => {
    const limit = 100 * 1024 * 1024;
    const said = await status({ "content-length": String(limit + 1) }, (out) => out.write("x"));
    expect(said).toMatchObject({ status: 413, body: { error: { code: "PAYLOAD_TOO_LARGE" } } });
    const zeros = Buffer.alloc(1024 * 1024);
    const unsaid = await status({}, async (out) => {
      const closed = once(out, "close");
      for (let sent = 0; sent <= limit && !out.destroyed; sent += zeros.length)
        if (!out.write(zeros)) await Promise.race([once(out, "drain"), closed]);
      out.end();
    });
    expect(unsaid).toMatchObject({ status: 413, body: { error: { code: "PAYLOAD_TOO_LARGE", details: { reason: "file" } } } });
  });

  it("a client that goes away in the middle leaves nothing, and the next one is served", async () => {
    const bytes = tarGz([{ name: "main.tf", body: Buffer.from(Array.from({ length: 300_000 }, (_, i) => (i * 7919) % 251)) }]);
    const { hostname, port } = new URL(world.api.url);
    const socket = connect(Number(port), hostname);
    const head = `POST /api/sources HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${world.api.token}\r\nContent-Type: application/gzip\r\nContent-Length: ${bytes.length}\r\n\r\n`;
    await new Promise<void>((sent) => socket.write(Buffer.concat([Buffer.from(head), bytes.subarray(0, 50_000)]), () => sent()));
    socket.destroy();
    await upload(tarGz([main]));
    expect(await readdir(join(world.api.dataDir, "scratch"))).toEqual([]);
  });
});

/** A raw upload as `application/zip`, whose parser waits for the last byte. */
function status(
  headers: Record<string, string>,
  write: (out: ReturnType<typeof request>) => unknown,
): Promise<{ status: number; body: unknown }> {
  return new Promise((resolve, reject) => {
    const out = request(`${world.api.url}/api/sources`, {
      method: "POST",
      headers: { authorization: `Bearer ${world.api.token}`, "content-type": "application/zip", ...headers },
    });
    out.on("response", async (answer) => {
      const chunks: Buffer[] = [];
      for await (const chunk of answer) chunks.push(chunk);
      resolve({ status: answer.statusCode ?? 0, body: JSON.parse(Buffer.concat(chunks).toString()) });
      out.destroy();
    });
    out.on("error", reject);
    void write(out);
  });
}
