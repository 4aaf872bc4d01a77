import { describe, expect, it } from "vitest";
import { isPrivate, PrivateHosts } from "./private-hosts.ts";

describe("addresses", () => {
  it.each(
    `0.0.0.0 10.1.2.3 100.64.0.1 127.0.0.1 127.255.255.254 169.254.169.254 172.16.0.1 172.31.255.255 192.168.0.1 198.18.0.1 224.0.0.1
     255.255.255.255 :: ::1 ::127.0.0.1 ::ffff:127.0.0.1 ::ffff:10.0.0.1 ::ffff:a9fe:a9fe 64:ff9b::7f00:1 2002:7f00:1::1 fc00::1
     fd12::1 fe80::1 fe80::1%eth0 fec0::1 ff02::1 2001:db8::1`.split(/\s+/),
  )("%s is private", (address) => {
    expect(isPrivate(address)).toBe(true);
  });
  it.each("1.1.1.1 140.82.121.4 172.15.0.1 172.32.0.1 100.63.0.1 ::ffff:8.8.8.8 2606:50c0:8000::153 2a01::1".split(" "))(
    "%s is public",
    (address) => {
      expect(isPrivate(address)).toBe(false);
    },
  );
});

describe("hosts that the operator named", () => {
  it("are exactly those", () => {
    const hosts = new PrivateHosts(" git.corp , *.lab.corp, 127.0.0.1:8080, 10.0.0.0/8 ,fd00::/8");
    expect(hosts.names("git.corp", null)).toBe(true);
    expect(hosts.names("git.corp", 8080)).toBe(true);
    expect(hosts.names("x.git.corp", null)).toBe(false);
    expect(hosts.names("a.b.lab.corp", null)).toBe(true);
    expect(hosts.names("lab.corp", null)).toBe(false);
    expect(hosts.names("127.0.0.1", 8080)).toBe(true);
    expect(hosts.names("127.0.0.1", 8081)).toBe(false);
    expect(hosts.names("127.0.0.1", null)).toBe(false);
    expect(hosts.holds("10.9.9.9")).toBe(true);
    expect(hosts.holds("fd12::1")).toBe(true);
    expect(hosts.holds("192.168.0.1")).toBe(false);
    expect(new PrivateHosts("").names("localhost", null)).toBe(false);
    expect(new PrivateHosts("*").names("localhost", 1)).toBe(true);
  });
  it.each(["10.0.0.0/33", "host/8", "10.0.0.0/", "fd00::/129"])("%s is refused at start", (text) => {
    expect(() => new PrivateHosts(text)).toThrow(text);
  });
});
