// `npm test`. Plain JavaScript without anything newer than ES2018 on this page, so that an old Node reads it and hears what is wrong.
const major = Number(process.versions.node.split(".")[0]);
if (major < 20) {
  console.error(`Takosumi needs Node 20 or later to test, and this is Node ${process.versions.node}.`);
  process.exit(1);
}
// @boundaries-ignore nothing is installed yet: a package's name would lead nowhere
void import("../start/handover.mjs").then(({ test }) => test(process.argv.slice(2)));
