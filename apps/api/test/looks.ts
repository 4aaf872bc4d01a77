import { pictured, widths } from "@takosumi/testkit/chromium";
import type { Page } from "playwright-core";

/**
 * What is wrong with a page for whoever reads it, on a desk's screen in light and on a telephone's in dark. Looks at language, title
 * and heading, at names of fields and buttons, at what stands out of the screen, at contrast, and at whether the focus can be seen.
 */
export async function flawsOf(page: Page, name: string): Promise<string[]> {
  await pictured(page, name);
  const flaws: string[] = [];
  for (const [width, colorScheme] of [
    [widths[0], "light"],
    [widths[1], "dark"],
  ] as const) {
    await page.setViewportSize({ width, height: 800 });
    await page.emulateMedia({ colorScheme });
    flaws.push(...(await page.evaluate(look)).map((flaw) => `${flaw} (${width}, ${colorScheme})`));
  }
  return flaws;
}

/** Runs in the page. */
function look(): string[] {
  const found: string[] = [];
  const { documentElement: root } = document;
  if (root.lang !== "en") found.push("no language");
  if (document.title.trim() === "") found.push("no title");
  if (document.querySelectorAll("h1").length !== 1 || document.querySelectorAll("main").length !== 1)
    found.push("not one heading in one main");
  if (root.scrollWidth > root.clientWidth) found.push(`${root.scrollWidth - root.clientWidth} pixels stand out to the right`);
  const colour = (text: string) => (text.match(/[\d.]+/g) ?? []).map(Number);
  const light = (text: string) => {
    const [red = 0, green = 0, blue = 0] = colour(text).map((part) => {
      const share = part / 255;
      return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  };
  const behind = (element: Element | null): string => {
    for (let at = element; at; at = at.parentElement) {
      const { backgroundColor } = getComputedStyle(at);
      if ((colour(backgroundColor)[3] ?? 1) === 1) return backgroundColor;
    }
    return "rgb(255, 255, 255)";
  };
  const ratio = (one: string, other: string) => {
    const [high = 0, low = 0] = [light(one), light(other)].toSorted((a, b) => b - a);
    return (high + 0.05) / (low + 0.05);
  };
  for (const element of document.querySelectorAll<HTMLElement>("main *")) {
    const { width, height, right } = element.getBoundingClientRect();
    if (width === 0 || height === 0) continue;
    if (right > root.clientWidth) found.push(`${element.tagName} stands out`);
    const said = [...element.childNodes].some(({ nodeType, textContent }) => nodeType === 3 && textContent?.trim());
    const seen = ratio(getComputedStyle(element).color, behind(element));
    if (said && seen < 4.5) found.push(`${element.tagName} "${element.textContent?.slice(0, 20)}" has a contrast of ${seen.toFixed(1)}`);
  }
  for (const element of document.querySelectorAll<HTMLInputElement | HTMLButtonElement | HTMLAnchorElement>("input, button, a")) {
    if (element.offsetParent === null) continue;
    const named = element instanceof HTMLInputElement ? element.labels?.[0]?.textContent : element.textContent;
    if (!named?.trim()) found.push(`${element.tagName} ${element.id} has no name`);
    if (element.tagName !== "A" && element.getBoundingClientRect().height < 32)
      found.push(`${element.tagName} "${named}" is too small to press`);
    element.focus();
    const { outlineStyle, outlineWidth } = getComputedStyle(element);
    if (element.matches(":focus-visible") && (outlineStyle === "none" || Number.parseFloat(outlineWidth) < 1))
      found.push(`${element.tagName} "${named}" does not show the focus`);
  }
  return found;
}
