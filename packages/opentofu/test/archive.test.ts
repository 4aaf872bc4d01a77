import { createHash } from "node:crypto";
import { mkdtemp, readdir } from "node:fs/promises";
import { join } from "node:path";
import { Readable } from "node:stream";
import { gzipSync } from "node:zlib";
import { type Packed, tarGz, tarOf, zipOf } from "@takosumi/testkit/archives";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type ArchiveType, readArchive } from "../src/archive/archive.ts";
import type { SourceLimits } from "../src/archive/limits.ts";
import { Spool } from "../src/archive/spool.ts";
import { ignoredPaths } from "../src/archive/terraformignore.ts";
import { packFiles } from "../src/source.ts";
import { tarBytes } from "../src/tar-form.ts";
import { unpackTree } from "../src/unpack.ts";
import { removeScratch, scratchDir } from "./world.ts";

let folder: string;
beforeAll(async () => {
  folder = join(await scratchDir(), "spool");
});
afterAll(removeScratch);

async function read(type: ArchiveType, bytes: Uint8Array, limits?: SourceLimits) {
  const body = Readable.from([bytes.subarray(0, 7), bytes.subarray(7)].filter(({ length }) => length > 0));
  return readArchive({ type, body, folder, ...(limits && { limits }) }, async ({ entries, paths, ignored }) => {
    const hash = createHash("sha256");
    const chunks: Buffer[] = [];
    for await (const chunk of tarBytes(entries)) {
      hash.update(chunk);
      chunks.push(chunk);
    }
    return { digest: `sha256:${hash.digest("hex")}`, tar: Buffer.concat(chunks), paths, ignored };
  });
}
const both = (entries: readonly Packed[]) => [["application/gzip", tarGz(entries)] as const, ["application/zip", zipOf(entries)] as const];
/** Why both forms of an archive are refused, in words; they must say the same. */
async function refusals(entries: readonly Packed[], limits?: SourceLimits): Promise<string[]> {
  const said = await Promise.all(
    both(entries).map(([type, bytes]) =>
      read(type, bytes, limits).then(
        () => "taken",
        (error: Error) => error.message,
      ),
    ),
  );
  expect(await readdir(folder).catch(() => [])).toEqual([]);
  return said;
}

const name = fc.stringMatching(/^[a-z][a-z0-9_.-]{0,8}$/).filter((text) => text !== ".terraform");
const path = fc.array(name, { minLength: 1, maxLength: 4 }).map((parts) => parts.join("/"));

describe("an archive", () => {
  it("has the digest of its files, whichever way they came", async () => {
    await fc.assert(
      fc.asyncProperty(fc.dictionary(path, fc.string(), { minKeys: 1, maxKeys: 6 }), async (files) => {
        const packed = await packFiles(files).catch(() => null);
        if (!packed) return;
        const entries = Object.entries(files).map(([name, body]) => ({ name: `./${name}`, body }));
        const found = [{ name: "./" }, ...entries, { name: "empty/deep/" }];
        for (const [type, bytes] of both(found)) {
          const source = await read(type, bytes).catch((error: Error) => ({ digest: error.message, paths: [] as readonly string[] }));
          if (/"empty/.test(source.digest)) continue;
          expect(source).toMatchObject({ digest: packed.digest, paths: Object.keys(files).sort((a, b) => (a < b ? -1 : 1)) });
        }
      }),
      { numRuns: 60 },
    );
  });

  it("keeps bytes and the executable bit, through a spool that is larger than its buffer", async () => {
    const large = Buffer.from(Array.from({ length: 700_001 }, (_, i) => (i * 7919) % 251));
    const entries = [
      { name: "a/run.sh", body: "#!/bin/sh\n", mode: 0o755 },
      { name: "a/large.bin", body: large },
      { name: "z", body: "" },
    ];
    const [tar, zip] = await Promise.all(both(entries).map(([type, bytes]) => read(type, bytes)));
    expect(zip?.digest).toBe(tar?.digest);
    const dir = await mkdtemp(join(await scratchDir(), "tree-"));
    await unpackTree(tar?.tar as Buffer, dir);
    const plain = await read("application/gzip", tarGz(entries.map(({ name, body }) => ({ name, body }))));
    expect(plain.digest).not.toBe(tar?.digest);
  });

  it("leaves out .git and .terraform, whatever is in them", async () => {
    const kept = [{ name: "main.tf", body: "x" }];
    const more: Packed[] = [
      { name: ".git/config", body: "secret" },
      { name: "sub/.terraform/providers/aws", type: "2", target: "/elsewhere" },
      { name: "modules/a/.git", body: "gitdir: /elsewhere" },
    ];
    const { digest } = await read("application/gzip", tarGz(kept));
    for (const [type, bytes] of both([...kept, ...more]))
      expect(await read(type, bytes)).toMatchObject({ digest, ignored: 3, paths: ["main.tf"] });
  });

  it("is refused with the name of what is wrong in it", async () => {
    const main = { name: "main.tf", body: "x" };
    const cases: [Packed[], string][] = [
      [[{ name: "../x" }], '"../x": the path leaves the source tree'],
      [[{ name: "a/../../x" }], "the path leaves the source tree"],
      [[{ name: ".terraform/../../x" }], "the path leaves the source tree"],
      [[{ name: "/etc/x" }], "the path must be relative"],
      [[{ name: "C:/x" }], "the path must be relative"],
      [[{ name: "a\\b" }], "use / between folders"],
      [[{ name: "a\u0007b" }], "control character"],
      [[{ name: "a//b" }], "empty part"],
      [[{ name: `${"d/".repeat(600)}x` }], "longer than 1024 bytes"],
      [[{ name: "x".repeat(300) }], "a name is longer than 255 bytes"],
      [[main, { name: "link.tf", type: "2", target: "main.tf" }], '"link.tf" is a symbolic link'],
      [[main, { name: "out", type: "2", target: "/etc/passwd" }], '"out" is a symbolic link'],
      [[main, { name: "pipe", type: "6" }], '"pipe" is a pipe'],
      [[main, { name: "disk", type: "4" }], '"disk" is a device'],
      [[main, main], '"main.tf" is there twice'],
      [[main, { name: "MAIN.tf" }], 'twice, also as "main.tf"'],
      [[{ name: "é.tf" }, { name: "e\u0301.tf" }], "twice, also as"],
      [[main, { name: "main.tf/x" }], '"main.tf" is a folder'],
      [[{ name: "a/x" }, { name: "A/y" }], '"A" is a folder, and "a" stands in the same place'],
      [[], "The source is empty: there is no file in it"],
      [[{ name: "only/folders/" }], "The source is empty"],
      [[main, { name: ".terraformignore", body: "*" }], "leaves out every file"],
    ];
    for (const [entries, words] of cases) {
      const said = await refusals(entries);
      expect(said, JSON.stringify(entries)).toEqual([expect.stringContaining(words), expect.stringContaining(words)]);
    }
    expect(await read("application/gzip", tarGz([main, { name: "hard", type: "1", target: "main.tf" }])).catch(String)).toContain(
      '"hard" is a hard link',
    );
  });

  it("is refused where it is too much", async () => {
    const limits = { bytes: 1_000, entries: 3, ratio: 200 };
    const files = (count: number, size: number) => Array.from({ length: count }, (_, i) => ({ name: `f${i}`, body: "x".repeat(size) }));
    expect(await refusals(files(3, 333), limits)).toEqual(["taken", "taken"]);
    expect(await refusals(files(4, 1), limits)).toEqual(Array(2).fill(expect.stringContaining("more than 3 entries")));
    expect(await refusals(files(3, 334), limits)).toEqual(Array(2).fill(expect.stringMatching(/"f2" is one too many/)));
    expect(await refusals([{ name: "a/b/c/d/e" }], limits)).toEqual(Array(2).fill(expect.stringContaining("more than 3 entries")));
    const zeros = { name: "zeros", body: Buffer.alloc(40 * 1024 * 1024) };
    expect(await refusals([zeros])).toEqual(Array(2).fill(expect.stringContaining("more than 200 times its size")));
    const hidden = { name: ".terraform/zeros", body: Buffer.alloc(20_000) };
    expect(await read("application/gzip", tarGz([hidden, { name: "a", body: "x" }]), limits).catch(String)).toContain(
      "unpacks to more than",
    );
  });

  it("is refused where it is cut off, damaged, encrypted or something else", async () => {
    const entries = [
      { name: "main.tf", body: "resource ".repeat(500) },
      { name: "b", body: "b" },
    ];
    const [tar, zip] = [tarGz(entries), zipOf(entries)];
    const damaged = /cut off or damaged/;
    const cases: [ArchiveType, Uint8Array, RegExp][] = [
      ["application/gzip", tar.subarray(0, tar.length - 20), damaged],
      ["application/gzip", gzipSync(tarOf(entries).subarray(0, 1_500)), damaged],
      ["application/gzip", gzipSync(Buffer.alloc(2_000, "x")), damaged],
      ["application/gzip", zip, /no gzip/],
      ["application/gzip", Buffer.from("hello"), /no gzip/],
      ["application/gzip", Buffer.alloc(0), /empty/],
      ["application/zip", zip.subarray(0, zip.length - 30), damaged],
      ["application/zip", tar, damaged],
      ["application/zip", Buffer.alloc(0), /empty/],
      ["application/zip", zipOf(entries, (record) => record.writeUInt32LE(1, 16)), /"main.tf" is damaged/],
      ["application/zip", zipOf(entries, (record) => record.writeUInt16LE(1, 8)), /"main.tf" is encrypted/],
      ["application/zip", zipOf(entries, (record) => record.writeUInt16LE(12, 10)), damaged],
      ["application/zip", zipOf([{ ...(entries[0] as Packed), claims: 10 }]), damaged],
      ["application/zip", zipOf(entries, (record) => record.writeUInt32LE(7_777_777, 42)), damaged],
    ];
    for (const [index, [type, bytes, words]] of cases.entries())
      expect(await read(type, bytes).then(String, ({ message }: Error) => message), String(index)).toMatch(words);
  });

  it("passes on what its body fails with", async () => {
    const failing = async function* () {
      yield tarGz([{ name: "a", body: Buffer.alloc(100_000, "abc") }]).subarray(0, 100);
      throw new RangeError("the client went away");
    };
    for (const type of ["application/gzip", "application/zip"] as const)
      await expect(readArchive({ type, body: failing(), folder }, async () => 1)).rejects.toThrow(RangeError);
  });

  it("whatever bytes it has: refused in words, or read", async () => {
    const entries = [
      { name: "a/main.tf", body: "resource" },
      { name: "b", body: "b".repeat(2_000) },
    ];
    const originals = both(entries);
    await fc.assert(
      fc.asyncProperty(fc.nat(1), fc.nat(), fc.nat(255), fc.boolean(), async (which, at, byte, cut) => {
        const [type, bytes] = originals[which] as (typeof originals)[number];
        const broken = Buffer.from(cut ? bytes.subarray(0, at % bytes.length) : bytes);
        if (broken.length > 0) broken[at % broken.length] = byte;
        const end = await read(type, broken).then(
          () => "TofuError",
          (error: Error) => error.constructor.name,
        );
        expect(end).toBe("TofuError");
      }),
      { numRuns: 300 },
    );
  });
});

describe("the spool", () => {
  it("gives back any range, and what lies on the disk is not the bytes", async () => {
    const spool = await Spool.open(folder);
    const bytes = Buffer.from("a secret of 23 letters ".repeat(40_000));
    for (let at = 0; at < bytes.length; at += 1_237) await spool.append(bytes.subarray(at, at + 1_237));
    await spool.flush();
    await fc.assert(
      fc.asyncProperty(fc.nat(bytes.length), fc.nat(200_000), async (start, length) => {
        const end = Math.min(start + length, bytes.length);
        const chunks: Buffer[] = [];
        for await (const chunk of spool.read(start, end)) chunks.push(chunk);
        expect(Buffer.concat(chunks).equals(bytes.subarray(start, end))).toBe(true);
      }),
      { numRuns: 50 },
    );
    await spool.close();
  });
});

describe(".terraformignore", () => {
  const left = async (rules: string, ...paths: string[]) => [...(await ignoredPaths(rules, paths))];

  it("reads patterns as Terraform does", async () => {
    expect(await left("# a comment\n\n  *.md  \n", "README.md", "docs/a.md", "main.tf")).toEqual(["README.md", "docs/a.md"]);
    expect(await left("/a.tf", "a.tf", "x/a.tf")).toEqual(["a.tf"]);
    expect(await left("docs/", "docs/a", "x/docs/b", "docs")).toEqual(["docs/a", "x/docs/b"]);
    expect(await left("docs", "docs/a", "x/docs", "docsy")).toEqual(["docs/a", "x/docs"]);
    expect(await left("a/**/z", "a/z", "a/b/c/z", "z")).toEqual(["a/z", "a/b/c/z"]);
    expect(await left("v[0-9].tf\nw[!a].tf\n?.x", "v1.tf", "vx.tf", "wb.tf", "wa.tf", "q.x", "qq.x")).toEqual(["v1.tf", "wb.tf", "q.x"]);
    expect(await left("\\*.tf", "*.tf", "a.tf")).toEqual(["*.tf"]);
    expect(await left("*", ".hidden", "a/b")).toEqual([".hidden", "a/b"]);
  });

  it("takes back by a later !, also below a folder that was left out", async () => {
    expect(await left("*.tf\n!keep.tf", "a.tf", "keep.tf", "x/keep.tf")).toEqual(["a.tf"]);
    expect(await left("secret/\n!secret/keep.txt", "secret/a", "secret/keep.txt")).toEqual(["secret/a"]);
    expect(await left("*\n!modules/", "a.tf", "modules/m/a.tf")).toEqual(["a.tf"]);
    expect(await left("!a.tf\n*.tf", "a.tf")).toEqual(["a.tf"]);
  });

  it("takes no longer for a pattern that is made to", async () => {
    const name = "a".repeat(250);
    const paths = Array.from({ length: 2_000 }, (_, i) => `${name}/${i}`);
    expect(await left(`${"*a".repeat(100)}*b\n${"**/".repeat(60)}${"a*".repeat(60)}c`, ...paths)).toEqual([]);
  });

  it("counts what it left out, and is refused where it is too long", async () => {
    const entries = [{ name: ".terraformignore", body: "*.md" }, { name: "a.md" }, { name: "main.tf" }];
    for (const [type, bytes] of both(entries))
      expect(await read(type, bytes)).toMatchObject({ ignored: 1, paths: [".terraformignore", "main.tf"] });
    expect(await refusals([{ name: ".terraformignore", body: "a\n".repeat(301) }])).toEqual(
      Array(2).fill(expect.stringContaining("more than 300 rules")),
    );
    expect(await refusals([{ name: ".terraformignore", body: "#".repeat(66_000) }])).toEqual(
      Array(2).fill(expect.stringContaining("larger than 64 KiB")),
    );
  });
});
