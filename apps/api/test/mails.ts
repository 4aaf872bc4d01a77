import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import type { TestApi } from "@takosumi/testkit/api";
import { expect } from "vitest";

/** What stands in the fragment of the link of the newest mail to this address, once it came: "invite" of /console/invite#…. */
export async function mailed({ dataDir }: Pick<TestApi, "dataDir">, page: "invite" | "reset", address: string): Promise<string> {
  const outbox = join(dataDir, "outbox");
  const link = new RegExp(`/console/${page}#([A-Za-z0-9_-]{43})`);
  let found: string | undefined;
  await expect
    .poll(async () => {
      const names = (await readdir(outbox).catch(() => [])).filter((name) => name.endsWith(".eml")).toSorted();
      const texts = await Promise.all(names.map((name) => readFile(join(outbox, name), "utf8")));
      // Quoted-printable breaks long lines.
      found = texts
        .filter((text) => text.includes(address))
        .map((text) => link.exec(text.replaceAll("=\n", ""))?.[1])
        .findLast(Boolean);
      return found;
    })
    .toBeDefined();
  return found ?? "";
}
