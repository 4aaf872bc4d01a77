/** Values of several sources as they come, until the first source ends. A source is asked for the next value once its last one was taken. */
export async function* merged<T>(first: AsyncIterable<T>, ...others: readonly AsyncIterable<T>[]): AsyncGenerator<T> {
  const ready: { readonly value: T; readonly taken: () => void }[] = [];
  let wake = () => {};
  let ended = false;
  let failure: { readonly error: unknown } | undefined;
  const pump = async (source: AsyncIterable<T>) => {
    for await (const value of source) {
      if (ended) return;
      await new Promise<void>((taken) => {
        ready.push({ value, taken });
        wake();
      });
    }
  };
  const fail = (error: unknown) => {
    failure = { error };
    wake();
  };
  void pump(first).then(() => {
    ended = true;
    wake();
  }, fail);
  for (const other of others) void pump(other).catch(fail);
  try {
    while (!failure) {
      for (let next = ready.shift(); next; next = ready.shift()) {
        yield next.value;
        next.taken();
      }
      if (ended) return;
      if (failure) break;
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
    throw failure.error;
  } finally {
    ended = true;
    for (const { taken } of ready) taken();
  }
}
