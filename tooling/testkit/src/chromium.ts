import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { type Browser, type BrowserContext, chromium, type Page } from "playwright-core";
import { env } from "./env.ts";
import { tools } from "./tools.ts";

export interface Window {
  readonly page: Page;
  readonly context: BrowserContext;
  /** What went wrong in any page of it: errors of scripts, and everything that a policy refused. Loads that were answered by an error are no such thing. */
  readonly complaints: readonly string[];
}
export interface Chromium {
  /** A browser of somebody's own: it shares no cookie with another. */
  open(): Promise<Window>;
  close(): Promise<void>;
}

/** Debian's chromium. Names below .example are this machine, as if somebody's name server said so. */
export async function startChromium(): Promise<Chromium> {
  const browser: Browser = await chromium.launch({
    executablePath: tools.chromium ?? "chromium",
    // Its own sandbox refuses to run as root.
    chromiumSandbox: process.getuid?.() !== 0,
    args: ["--host-resolver-rules=MAP *.example 127.0.0.1"],
  });
  return {
    async open() {
      const context = await browser.newContext();
      const complaints: string[] = [];
      context.on("weberror", (error) => void complaints.push(error.error().message));
      context.on("console", (message) => {
        if (message.type() === "error" && !/the server responded with a status of/.test(message.text())) complaints.push(message.text());
      });
      return { page: await context.newPage(), context, complaints };
    },
    close: () => browser.close(),
  };
}

/** Of the screens that pages are looked at on, a desk's and a telephone's. */
export const widths = [1280, 390] as const;

/** A picture of the page at each width, where somebody wants to look at them. */
export async function pictured(page: Page, name: string): Promise<void> {
  const directory = env.TEST_PICTURES_DIR;
  if (directory === undefined) return;
  await mkdir(directory, { recursive: true });
  for (const width of widths) {
    await page.setViewportSize({ width, height: 800 });
    await page.screenshot({ path: join(directory, `${name}-${width}.png`), fullPage: true });
  }
}
