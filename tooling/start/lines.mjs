// The lines of `npm start` and `npm test`: plain JavaScript, because the first of them is printed before anything is installed.
const nameWidth = 14;
const textWidth = 30;
const problemWidth = 36;
/** A step that takes longer than this shows that it goes on. */
const quietMs = 1_000;
/** Without a terminal, how often a long step says so. */
const repeatMs = 30_000;
const frames = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏";

/** A step that failed, or a warning, with what to do about it. */
export class Problem extends Error {
  constructor(message, fix) {
    super(message);
    this.fix = fix;
  }
}

const seconds = (ms) => `${(ms / 1000).toFixed(1)}s`;
const indent = (text) =>
  text
    .trimEnd()
    .split("\n")
    .join(`\n${" ".repeat(4 + nameWidth)}`);

/** Further lines of the text stand below the first, which carries the time. */
export function done(name, text, ms) {
  const [first, ...more] = text.split("\n");
  return [`  ✓ ${name.padEnd(nameWidth)}${first.padEnd(textWidth)}${seconds(ms).padStart(7)}`, ...more].join(
    `\n${" ".repeat(4 + nameWidth)}`,
  );
}
export const warning = (name, text, fix) => problem("!", name, text, fix);
export const failure = (name, error) => problem("✗", name, error.message, error.fix);
function problem(mark, name, text, fix) {
  const begin = `  ${mark} ${name.padEnd(nameWidth)}${indent(text)}`;
  if (!fix) return begin;
  const fits = !text.includes("\n") && text.length < problemWidth;
  return fits ? `${begin.padEnd(4 + nameWidth + problemWidth)}fix: ${fix}` : `${begin}\n${" ".repeat(4 + nameWidth)}fix: ${fix}`;
}

/** Runs one step and prints its line; `work` gets a function that says what it is at, and answers the text of the line; null prints none. */
export async function step(name, work) {
  const began = performance.now();
  const progress = showProgress(name);
  try {
    const text = await work(progress.say);
    progress.end();
    if (text !== null) console.log(done(name, text, performance.now() - began));
  } catch (error) {
    if (error instanceof Problem) error.step ??= name;
    throw error;
  } finally {
    progress.end();
  }
}

/** A spinner in a terminal, else a plain line now and then. */
function showProgress(name) {
  const began = performance.now();
  let text = "";
  let frame = 0;
  let timer;
  const terminal = Boolean(process.stdout.isTTY);
  const show = () => {
    const begin = `${name.padEnd(nameWidth)}${text}`;
    if (!terminal) return console.log(`  … ${begin.padEnd(nameWidth + textWidth)}${seconds(performance.now() - began).padStart(7)}`);
    frame = (frame + 1) % frames.length;
    const room = Math.max(20, (process.stdout.columns || 80) - 14);
    process.stdout.write(`\r\x1b[2K  ${frames[frame]} ${begin.slice(0, room)}  ${seconds(performance.now() - began)}`);
  };
  const first = setTimeout(() => {
    show();
    timer = setInterval(show, terminal ? 100 : repeatMs);
  }, quietMs);
  return {
    say: (now) => {
      text = now;
    },
    end: () => {
      clearTimeout(first);
      if (!timer) return;
      clearInterval(timer);
      timer = undefined;
      if (terminal) process.stdout.write("\r\x1b[2K");
    },
  };
}
