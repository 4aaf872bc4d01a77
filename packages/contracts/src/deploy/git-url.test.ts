import { describe, expect, it } from "vitest";
import { GitSourceInput } from "./git.ts";
import { parseGitUrl } from "./git-url.ts";
import { ModuleCredentialsInput } from "./module-credentials.ts";

describe("the address of a repository", () => {
  it.each([
    ["https://GitHub.com/org/repo.git", "https://github.com/org/repo.git", "github.com", null],
    ["https://git.example.com:443/a", "https://git.example.com/a", "git.example.com", null],
    ["https://git.example.com:8443/a/b", "https://git.example.com:8443/a/b", "git.example.com", 8443],
    ["http://2130706433/a", "http://127.0.0.1/a", "127.0.0.1", null],
    ["http://0x7f.1/a", "http://127.0.0.1/a", "127.0.0.1", null],
    ["https://[::FFFF:7f00:1]:9/a", "https://[::ffff:7f00:1]:9/a", "::ffff:7f00:1", 9],
    ["ssh://git.example.com/a", "ssh://git@git.example.com/a", "git.example.com", null],
    ["ssh://me@git.example.com:22/a", "ssh://me@git.example.com/a", "git.example.com", null],
    ["ssh://me@Git.Example.com:2222/~/a", "ssh://me@git.example.com:2222/~/a", "git.example.com", 2222],
    ["git@GitHub.com:org/repo.git", "git@github.com:org/repo.git", "github.com", null],
    ["file:///srv/git/../git/a", "file:///srv/git/a", "", null],
  ])("%s is spelt %s", (given, text, host, port) => {
    expect(parseGitUrl(given)).toMatchObject({ text, host, port });
    expect(parseGitUrl(text)).toEqual(parseGitUrl(given));
  });

  it.each([
    ["https://user:pass@git.example.com/a", "password"],
    ["https://token@git.example.com/a", "Secret"],
    ["ssh://git:pass@git.example.com/a", "password"],
    ["https://git.example.com/a?token=x", "no ?"],
    ["https://git.example.com/a#main", "no ?"],
    ["https://git.example.com", "no repository"],
    ["https://git.example.com//", "no repository"],
    ["ftp://git.example.com/a", "only https, http and ssh"],
    ["ext::sh -c id", "no URL holds"],
    ["ext::id", "ext"],
    ["git::https://git.example.com/a", "git"],
    ["ssh://-oProxyCommand=id/a", "host"],
    ["ssh://git.example.com:0/a", "port"],
    ["ssh://-x@git.example.com/a", "user"],
    ["-u@git.example.com:a", "user"],
    ["git@-host:a", "host"],
    ["git@git.example.com:-a", "no repository"],
    ["https://git.example.com\\@evil.example/a", "no URL holds"],
    ["https://git.example.com/a b", "no URL holds"],
    ["https://git.example.com/a\n", "no URL holds"],
    ["/srv/git/a", "not a URL"],
    ["file://host/srv/a", "file:///path"],
    ["", "no URL holds"],
    [`https://git.example.com/${"a".repeat(1_024)}`, "longer"],
  ])("%j is refused", (given, words) => {
    expect(parseGitUrl(given)).toEqual(expect.stringContaining(words));
  });
});

describe("a git source", () => {
  const source = { kind: "git", url: "https://git.example.com/a" };
  const key = "git.example.com ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIG";
  const wrong = (more: object) => GitSourceInput.safeParse({ ...source, ...more }).error?.issues.map(({ path }) => path.join("."));

  it.each(["main", "v1.2.3", "feature/x", "refs/heads/main", "refs/pull/7/head", "a".repeat(40), "日本"])("takes the ref %s", (ref) => {
    expect(wrong({ ref })).toBeUndefined();
  });
  it.each([
    "",
    "-x",
    "--upload-pack=id",
    "a..b",
    "a b",
    "a^",
    "a:b",
    "a~1",
    "a*",
    "@{-1}",
    "@",
    "a/",
    "/a",
    ".a",
    "a/.b",
    "a.lock",
    "a\\b",
    "a\u0000",
    "a//b",
  ])("refuses the ref %j", (ref) => {
    expect(wrong({ ref })).toEqual(["ref"]);
  });
  it("takes paths, pins and Secrets where they mean something", () => {
    const ssh = "git@git.example.com:a";
    expect(wrong({ url: ssh, known_hosts: [key, `[git.example.com]:2222,10.0.0.1 ${key.slice(16)} a comment`] })).toBeUndefined();
    expect(wrong({ known_hosts: [key] })).toEqual(["known_hosts"]);
    expect(wrong({ url: ssh, known_hosts: ["@cert-authority * ssh-ed25519 AAAA"] })).toEqual(["known_hosts.0"]);
    expect(wrong({ url: ssh, known_hosts: [`${key}\n* ssh-rsa AAAA`] })).toEqual(["known_hosts.0"]);
    expect(wrong({ path: "../up" })).toEqual(["path"]);
    expect(wrong({ url: "file:///srv/a", secret_id: "sec_1" })).toEqual(["secret_id"]);
    expect(wrong({ password: "x" })).toEqual([""]);
  });
});

describe("credentials of modules", () => {
  const one = { host: "git.example.com", kind: "git", secret_id: "sec_1" };
  const wrong = (...given: object[]) => ModuleCredentialsInput.safeParse(given).error?.issues.map(({ path }) => path.join("."));
  it("are one of a kind for a host, which is a host and nothing more", () => {
    expect(ModuleCredentialsInput.parse([{ ...one, host: "Git.Example.com:8443" }])[0]?.host).toBe("git.example.com:8443");
    expect(wrong(one, { ...one, kind: "registry" })).toBeUndefined();
    expect(wrong(one, { ...one, host: "GIT.example.com" })).toEqual(["1.host"]);
    for (const host of ["", "https://git.example.com", "git.example.com/a", "*", "a b", "-a", "git.example.com:0", "git\nHost *"])
      expect(wrong({ ...one, host }), host).toEqual(["0.host"]);
    expect(wrong({ ...one, kind: "registry", known_hosts: ["a ssh-rsa AAAA"] })).toEqual(["0.known_hosts"]);
  });
});
