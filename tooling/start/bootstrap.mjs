// `npm start`. Plain JavaScript without anything newer than ES2018 on this page, so that an old Node reads it and hears what is wrong.
const major = Number(process.versions.node.split(".")[0]);
if (major < 20) {
  console.error(`Takosumi needs Node 20 or later to start, and this is Node ${process.versions.node}.`);
  console.error("fix: install a newer Node (https://nodejs.org), then: npm start");
  process.exit(1);
}
void import("./handover.mjs").then(({ start }) => start());
