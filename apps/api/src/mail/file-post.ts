import { mkdir, open, readdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { createTransport } from "nodemailer";
import { composed, type Post } from "./post.ts";

/** Files that stay; the oldest go first. */
const kept = 1_000;

/** Puts mails into files that only the owner of the directory may read, one a mail: for an instance without a mail server. */
export function filePost(directory: string, from: string): Post {
  const transport = createTransport({ streamTransport: true, buffer: true, newline: "unix" });
  return async (id, mail) => {
    const { message } = await transport.sendMail(composed(from, id, mail));
    await mkdir(directory, { recursive: true, mode: 0o700 });
    const name = join(directory, `${id}.eml`);
    const file = await open(`${name}.part`, "w", 0o600);
    try {
      await file.writeFile(message as Buffer);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(`${name}.part`, name);
    const oldest = (await readdir(directory)).sort().slice(0, -kept);
    for (const one of oldest) await rm(join(directory, one), { force: true });
  };
}
