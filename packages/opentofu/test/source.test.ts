import { execFileSync } from "node:child_process";
import { chmod, mkdir, mkdtemp, readdir, readFile, stat, symlink, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { pack } from "tar-stream";
import { afterAll, describe, expect, test } from "vitest";
import { hashTree, packFiles, packTree } from "../src/source.ts";
import { linkStaysInside } from "../src/tree-paths.ts";
import { SOURCE_LIMITS, unpackTree } from "../src/unpack.ts";
import { removeScratch, scratchDir } from "./world.ts";

afterAll(removeScratch);
const name = fc.stringMatching(/^[a-z][a-z0-9_.-]{0,8}$/).filter((text) => text !== ".terraform");
const path = fc.array(name, { minLength: 1, maxLength: 4 }).map((parts) => parts.join("/"));

async function fresh(): Promise<string> {
  return mkdtemp(join(await scratchDir(), "tree-"));
}

type Header = {
  name: string;
  type?: "file" | "directory" | "symlink" | "link" | "fifo" | "block-device" | "character-device";
  linkname?: string;
  body?: string;
  mode?: number;
};
async function archive(headers: Header[]): Promise<Buffer> {
  const tar = pack();
  for (const { body = "", ...header } of headers) tar.entry({ type: "file", ...header }, body);
  tar.finalize();
  const chunks: Buffer[] = [];
  for await (const chunk of tar as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks);
}

describe("packing", () => {
  test("files, the folder they are unpacked to, and its hash have one digest", async () => {
    await fc.assert(
      fc.asyncProperty(fc.dictionary(path, fc.string(), { minKeys: 1, maxKeys: 6 }), async (files) => {
        const packed = await packFiles(files).catch(() => null);
        if (!packed) return;
        const dir = await fresh();
        await unpackTree(packed.tar, dir);
        const again = await packTree(dir);
        expect([again.digest, await hashTree(dir)]).toEqual([packed.digest, packed.digest]);
        for (const [file, text] of Object.entries(files)) expect(await readFile(join(dir, file))).toEqual(Buffer.from(text));
      }),
      { numRuns: 60 },
    );
  });

  test("depends on name, content, link and the executable bit, and on nothing else", async () => {
    const build = async (change: (dir: string) => Promise<unknown> = async () => {}) => {
      const dir = await fresh();
      await mkdir(join(dir, "a"));
      await writeFile(join(dir, "a/x.sh"), "echo", { mode: 0o755 });
      await symlink("x.sh", join(dir, "a/link"));
      await change(dir);
      return hashTree(dir);
    };
    const base = await build();
    expect(await build((dir) => utimes(join(dir, "a/x.sh"), 1, 1))).toBe(base);
    const setMode = (dir: string, mode: number) => chmod(join(dir, "a/x.sh"), mode);
    expect(await build((dir) => setMode(dir, 0o700))).toBe(base);
    const others = await Promise.all([
      build((dir) => setMode(dir, 0o644)),
      build((dir) => writeFile(join(dir, "a/x.sh"), "echo2")),
      build((dir) => writeFile(join(dir, "a/y"), "")),
      build((dir) => mkdir(join(dir, "empty"))),
      build((dir) => symlink("a", join(dir, "other"))),
    ]);
    expect(new Set([base, ...others]).size).toBe(6);
  });

  test("a link that leaves, and what is no file, are refused by name", async () => {
    const dir = await fresh();
    await symlink("/etc/passwd", join(dir, "out"));
    await expect(packTree(dir)).rejects.toThrow(/"out" is a link that leaves/);
    const other = await fresh();
    execFileSync("mkfifo", [join(other, "pipe")]);
    await expect(packTree(other)).rejects.toThrow(/"pipe" is neither/);
  });

  test("inline paths that are no paths of a tree are refused by name", async () => {
    for (const bad of [
      "",
      "/etc/x",
      "../x",
      "a/../../x",
      "a//b",
      "./a",
      "a/",
      "a\0b",
      "a\nb",
      ".terraform/x",
      "a/.terraform/b",
      "C:\\x",
      "a\\b",
      "x".repeat(300),
      `${"a/".repeat(600)}b`,
      "\ud800",
    ]) {
      await expect(packFiles({ [bad]: "" }), JSON.stringify(bad)).rejects.toMatchObject({ reason: "bad_path" });
    }
    await expect(packFiles({ "Main.tf": "", "main.tf": "" })).rejects.toThrow(/case only/);
    await expect(packFiles({ a: "", "a/b": "" })).rejects.toThrow(/also the folder/);
  });
});

describe("unpacking", () => {
  const refused = async (headers: Header[], limits = SOURCE_LIMITS) => {
    const dir = await fresh();
    const outside = await readdir(join(dir, ".."));
    await expect(unpackTree(await archive(headers), dir, limits), JSON.stringify(headers).slice(0, 300)).rejects.toMatchObject({
      name: "Error",
      reason: expect.any(String),
    });
    expect(await readdir(join(dir, ".."))).toEqual(outside);
  };

  test("absolute names, `..`, device files, hard links", async () => {
    for (const bad of ["/abs", "../up", "a/../../up", "a/../b", "x\\..\\y", ".terraform/x"]) await refused([{ name: bad, body: "x" }]);
    for (const type of ["link", "fifo", "block-device", "character-device"] as const) await refused([{ name: "x", type, linkname: "y" }]);
  });

  test("links that leave, in one step or through another link, and writing through one", async () => {
    for (const linkname of ["/etc", "..", "../x", "a/../..", ""]) await refused([{ name: "x", type: "symlink", linkname }]);
    await refused([
      { name: "d", type: "symlink", linkname: "." },
      { name: "e", type: "symlink", linkname: "d/.." },
    ]);
    await refused([
      { name: "d", type: "symlink", linkname: "sub" },
      { name: "d/x", body: "x" },
    ]);
    await refused([
      { name: "d", body: "x" },
      { name: "d/x", body: "x" },
    ]);
  });

  test("the same place twice, in any case", async () => {
    await refused([
      { name: "x", body: "1" },
      { name: "x", body: "2" },
    ]);
    await refused([
      { name: "Readme", body: "1" },
      { name: "README", body: "2" },
    ]);
    await refused([
      { name: "dir/x", body: "1" },
      { name: "DIR/y", body: "2" },
    ]);
    await refused([
      { name: "x", type: "symlink", linkname: "y" },
      { name: "x", body: "2" },
    ]);
  });

  test("too many, too large, too well compressed", async () => {
    await refused([{ name: "a" }, { name: "b" }, { name: "c" }], { ...SOURCE_LIMITS, maxEntries: 2 });
    await refused([{ name: "a/b/c/d" }], { ...SOURCE_LIMITS, maxEntries: 2 });
    await refused([{ name: "a", body: "x".repeat(100) }], { ...SOURCE_LIMITS, maxBytes: 99 });
    const bomb = gzipSync(await archive([{ name: "a", body: "0".repeat(40 << 20) }]));
    await expect(unpackTree(bomb, await fresh())).rejects.toMatchObject({ reason: "too_large" });
  });

  test("bytes that are no archive, or end early", async () => {
    const whole = await archive([{ name: "a", body: "x".repeat(5_000) }]);
    for (const bad of [
      Buffer.from("no archive, but long enough to be read as a header block".repeat(20)),
      whole.subarray(0, 2_000),
      gzipSync(whole).subarray(0, 60),
    ]) {
      await expect(unpackTree(bad, await fresh())).rejects.toMatchObject({ reason: "bad_archive" });
    }
  });

  test("what tar and gzip usually write is taken, links inside included", async () => {
    const dir = await fresh();
    const headers: Header[] = [
      { name: "./", type: "directory" },
      { name: "./a/", type: "directory" },
      { name: "./a/x", body: "1", mode: 0o755 },
      { name: "./l", type: "symlink", linkname: "a/x" },
    ];
    await unpackTree(gzipSync(await archive(headers)), dir);
    expect(await readFile(join(dir, "l"), "utf8")).toBe("1");
    expect((await stat(join(dir, "a/x"))).mode & 0o777).toBe(0o755);
  });

  test("whatever the archive says, nothing is written outside", async () => {
    const hostile = fc.record({
      name: fc.oneof(path, fc.string(), fc.constantFrom("../x", "a/../../x", "/x", "l/x", "l")),
      type: fc.constantFrom("file", "directory", "symlink", "link") as fc.Arbitrary<Header["type"] & string>,
      linkname: fc.constantFrom("..", "/", "a", "l", "../..", "."),
      body: fc.constant(""),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(hostile, { maxLength: 8 }), async (headers) => {
        const dir = await fresh();
        const tar = await archive(headers.map((header) => (header.type === "file" ? { name: header.name, body: "x" } : header))).catch(
          () => null,
        );
        if (tar) await unpackTree(tar, dir).catch(() => undefined);
        expect(await readdir(join(dir, ".."))).toEqual([dir.split("/").at(-1)]);
      }),
      { numRuns: 150 },
    );
  });

  test("a link's text", () => {
    for (const [at, target, inside] of [
      ["l", "a", true],
      ["l", "..", false],
      ["a/l", "..", true],
      ["a/l", "../b/c", true],
      ["a/l", "../..", false],
      ["a/l", "b/../c", false],
      ["l", "/a", false],
    ] as const) {
      expect([at, target, linkStaysInside(at, target)]).toEqual([at, target, inside]);
    }
  });
});
