import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo } from "node:net";

/** One request as STS was asked: its signature's parts and the parameters of its query protocol. */
export interface Asked {
  readonly keyId: string;
  readonly region: string;
  readonly service: string;
  readonly signedHeaders: readonly string[];
  readonly parameters: Readonly<Record<string, string>>;
}
type Answer = (asked: Asked, response: ServerResponse) => void;

/** Speaks STS's query protocol over HTTP; refuses what is not signed. */
export class FakeSts {
  readonly asked: Asked[] = [];
  answer: Answer = credentials();
  #server: Server | null = null;

  /** Answers its address; with `tls` it speaks https. */
  async start(tls: { readonly key: string; readonly cert: string } | null = null): Promise<string> {
    const serve = (request: IncomingMessage, response: ServerResponse) => void this.#serve(request, response);
    const server = tls ? createTlsServer(tls, serve) : createServer(serve);
    this.#server = server;
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    return `${tls ? "https" : "http"}://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    this.#server?.closeAllConnections();
    await new Promise((done) => this.#server?.close(done) ?? done(null));
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let body = "";
    for await (const chunk of request) body += chunk;
    const signature =
      /^AWS4-HMAC-SHA256 Credential=([^/]+)\/\d{8}\/([^/]+)\/([^/]+)\/aws4_request, SignedHeaders=([^,]+), Signature=[0-9a-f]{64}$/.exec(
        request.headers.authorization ?? "",
      );
    const parameters = Object.fromEntries(new URLSearchParams(body));
    if (!signature || request.method !== "POST" || parameters.Version !== "2011-06-15")
      return refusal(403, "MissingAuthenticationToken", "Request is missing Authentication Token")({} as Asked, response);
    const [, keyId = "", region = "", service = "", headers = ""] = signature;
    const asked = { keyId, region, service, signedHeaders: headers.split(";"), parameters };
    this.asked.push(asked);
    return this.answer(asked, response);
  }
}

const xml = (response: ServerResponse, status: number, text: string) =>
  void response.writeHead(status, { "content-type": "text/xml" }).end(text);

/** Temporary credentials of whatever role was asked for: `made` names them, so that tests know them again. */
export const credentials =
  (made: (asked: Asked) => string = ({ parameters }) => parameters.RoleArn?.split("/").at(-1) ?? "", seconds?: number): Answer =>
  (asked, response) => {
    const lives = seconds ?? Number(asked.parameters.DurationSeconds);
    const name = made(asked);
    xml(
      response,
      200,
      `<AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleResult><AssumedRoleUser><AssumedRoleId>ARO123EXAMPLE123:${asked.parameters.RoleSessionName}</AssumedRoleId><Arn>${asked.parameters.RoleArn}</Arn></AssumedRoleUser><Credentials><AccessKeyId>ASIA${name.toUpperCase()}</AccessKeyId><SecretAccessKey>temporary/secret+${name}</SecretAccessKey><SessionToken>temporary-token-of-${name}==</SessionToken><Expiration>${new Date(Date.now() + lives * 1_000).toISOString()}</Expiration></Credentials></AssumeRoleResult><ResponseMetadata><RequestId>1</RequestId></ResponseMetadata></AssumeRoleResponse>`,
    );
  };

export const refusal =
  (status: number, code: string, message: string): Answer =>
  (_, response) =>
    xml(
      response,
      status,
      `<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><Error><Type>Sender</Type><Code>${code}</Code><Message>${message}</Message></Error><RequestId>1</RequestId></ErrorResponse>`,
    );

export const raw =
  (status: number, text: string): Answer =>
  (_, response) =>
    xml(response, status, text);
