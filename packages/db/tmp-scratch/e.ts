import { startEmbedded } from "../src/embedded.ts";
import { openDb } from "../src/db.ts";
import { statement } from "../src/sql.ts";
const t = performance.now();
const p = await startEmbedded({
  dataDir: process.argv[2]!,
  ...(process.argv[3] ? { rootRunsAs: "setpriv", sharedDir: process.argv[3] } : {}),
});
console.log(performance.now() - t, p.url.replace(/:[^:@]*@/, ":…@"), p.stoppedLeftover);
for (const url of [p.url, p.tcpUrl]) {
  const t0 = performance.now();
  const db = await openDb({ url });
  console.log("open", performance.now() - t0);
  const s = statement("one", "SELECT 1::int8 AS one");
  console.log(await db.one(s));
  const t1 = performance.now();
  for (let i = 0; i < 3000; i++) await db.query(s);
  console.log("query/s", (3000 / (performance.now() - t1)) * 1000);
  const t2 = performance.now();
  await db.prisma.$queryRawUnsafe("SELECT 1");
  console.log("prisma first", performance.now() - t2);
  await db.close();
}
await p.stop();
console.log("stopped", performance.now() - t);
