export interface Frame {
  readonly id: string;
  readonly event: string;
  // biome-ignore lint/suspicious/noExplicitAny: a test reads whatever a server sent
  readonly data: any;
}
export interface EventStream extends AsyncIterable<Frame> {
  readonly status: number;
  readonly type: string | null;
  /** Drops the connection. */
  close(): void;
}

/** Reads Server-Sent Events as a browser would: frames in order, comments left out. Ends when the connection does. */
export async function eventStream(url: string, token: string, lastEventId?: string): Promise<EventStream> {
  const dropped = new AbortController();
  const headers = { authorization: `Bearer ${token}`, accept: "text/event-stream", ...(lastEventId && { "last-event-id": lastEventId }) };
  const response = await fetch(url, { headers, signal: dropped.signal });
  return {
    status: response.status,
    type: response.headers.get("content-type"),
    close: () => dropped.abort(),
    async *[Symbol.asyncIterator]() {
      let rest = "";
      try {
        for await (const chunk of (response.body ?? new ReadableStream()).pipeThrough(new TextDecoderStream())) {
          const frames = (rest + chunk).split("\n\n");
          rest = frames.pop() ?? "";
          for (const frame of frames) if (/^data: /m.test(frame)) yield parsed(frame);
        }
      } catch (error) {
        // Cut in the middle, by us or by them: what came whole was told.
        if (!dropped.signal.aborted && !(error instanceof TypeError)) throw error;
      }
    },
  };
}

function parsed(frame: string): Frame {
  const fields = new Map(frame.split("\n").map((line) => [line.slice(0, line.indexOf(":")), line.slice(line.indexOf(":") + 2)]));
  return { id: fields.get("id") ?? "", event: fields.get("event") ?? "message", data: JSON.parse(fields.get("data") || "null") };
}
