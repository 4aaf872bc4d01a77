import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

export interface PageServer {
  readonly port: number;
  /** What the page at a path is from now on: HTML, with a cookie that it sets if one is given. */
  page(path: string, html: string, cookie?: string): void;
  close(): Promise<void>;
}

/** A site of somebody else, on loopback: whatever name leads to its port is its own. */
export async function startPageServer(): Promise<PageServer> {
  const pages = new Map<string, { readonly html: string; readonly cookie: string | undefined }>();
  const server = createServer(({ url = "" }, response) => {
    const { html, cookie } = pages.get(url) ?? { html: "nothing here" };
    response.writeHead(200, { "content-type": "text/html", ...(cookie && { "set-cookie": cookie }) });
    response.end(`<!doctype html><html lang="en"><title>another site</title><body>${html}</body></html>`);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    port: (server.address() as AddressInfo).port,
    page: (path, html, cookie) => void pages.set(path, { html, cookie }),
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
