import { randomBytes } from "node:crypto";
import { performance } from "node:perf_hooks";
import { createRedactor } from "@takosumi/redact/redactor";

/** Throughput of the redactor with 100 secrets of 40 characters and two keys of several lines. Target: 50 MB/s or better. */
const secrets = Array.from({ length: 100 }, (_, i) => ({ name: `SECRET_${i}`, value: randomBytes(30).toString("base64") }));
const keys = Array.from({ length: 2 }, (_, i) => ({
  name: `KEY_${i}`,
  value: randomBytes(1600).toString("base64").replace(/.{64}/g, "$&\n"),
}));

const started = performance.now();
const redactor = createRedactor([...secrets, ...keys]);
console.log(`built in ${(performance.now() - started).toFixed(0)} ms`);

const logLine = (i: number) =>
  `module.network["eu-${i}"].aws_subnet.private[${i % 7}]: Creation complete after ${i % 90}s [id=subnet-${randomBytes(8).toString("hex")}]\n`;
const lines = Array.from({ length: 20_000 }, (_, i) => logLine(i));
const inputs = {
  "log lines": lines,
  "log lines, 1 % with a secret": lines.map((line, i) => (i % 100 === 0 ? `${line.trimEnd()} ${secrets[i % 91]?.value}\n` : line)),
  base64: Array.from({ length: 2000 }, () => `${randomBytes(900).toString("base64")}\n`),
};

for (const [name, parts] of Object.entries(inputs)) {
  const text = parts.join("");
  const chunks = text.match(/[\s\S]{1,65536}/g) ?? [];
  report(`${name}, one text`, text.length, () => redactor.text(text).length);
  report(`${name}, each line`, text.length, () => parts.reduce((sum, part) => sum + redactor.text(part).length, 0));
  report(`${name}, a stream of 64 KiB`, text.length, () => {
    const stream = redactor.stream();
    return chunks.reduce((sum, chunk) => sum + stream.write(chunk).length, 0) + stream.end().length;
  });
}

function report(name: string, size: number, work: () => number): void {
  work();
  const times = Array.from({ length: 5 }, () => {
    const from = performance.now();
    work();
    return performance.now() - from;
  });
  console.log(`${name.padEnd(52)} ${(size / 1000 / Math.min(...times)).toFixed(0).padStart(5)} MB/s`);
}
