import { text } from "node:stream/consumers";
import { openDb } from "../src/db.ts";
import { statement } from "../src/sql.ts";

/** Reads the address of a database, asks it through Prisma and through SQL, and says what it heard: no build step stands in between. */
const db = await openDb({ url: await text(process.stdin) });
const users = await db.prisma.users.count();
const row = await db.one<{ one: number }>(statement("plain_one", "SELECT 1 AS one"));
await db.close();
process.stdout.write(`${users} ${row?.one}`);
