/** What has to be ended, in the reverse order of its start. */
export class Closers {
  readonly #open: { readonly name: string; readonly close: () => Promise<void> | void }[] = [];

  add(name: string, close: () => Promise<void> | void): void {
    this.#open.push({ name, close });
  }

  /** Ends everything, one after the other: what does not end well does not keep the rest alive. Answers what went wrong. */
  async closeAll(): Promise<string[]> {
    const wrong: string[] = [];
    for (const { name, close } of this.#open.splice(0).reverse()) {
      try {
        await close();
      } catch (error) {
        wrong.push(`${name}: ${(error as Error).message}`);
      }
    }
    return wrong;
  }
}
