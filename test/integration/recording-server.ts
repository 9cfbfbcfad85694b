import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { gunzipSync } from 'node:zlib';
import type { Certificate } from './certificates.ts';

export interface RecordedRequest {
  readonly method: string;
  /** Without what follows `?`. */
  readonly path: string;
  readonly authorization: string | undefined;
  readonly encoding: string | undefined;
  readonly body: string;
}

export type Answer = (request: RecordedRequest) => {
  readonly status?: number;
  readonly body?: unknown;
};

/** Answers as it is told to, as Elasticsearch would label it, and keeps what it was asked. */
export interface RecordingServer {
  readonly url: string;
  readonly port: number;
  readonly requests: RecordedRequest[];
  close(): Promise<void>;
}

/** Speaks TLS where there is a certificate. */
export async function startRecordingServer(
  answer: Answer,
  certificate?: Certificate,
): Promise<RecordingServer> {
  const requests: RecordedRequest[] = [];
  const listener = async (message: IncomingMessage, response: ServerResponse): Promise<void> => {
    const request = await recorded(message);
    requests.push(request);
    const { status = 200, body = {} } = answer(request);
    response.writeHead(status, {
      'content-type': 'application/vnd.elasticsearch+json;compatible-with=9',
      'x-elastic-product': 'Elasticsearch',
    });
    response.end(JSON.stringify(body));
  };
  const handle = (message: IncomingMessage, response: ServerResponse) => {
    void listener(message, response);
  };
  const server =
    certificate === undefined
      ? createServer(handle)
      : createTlsServer(
          { cert: readFileSync(certificate.cert), key: readFileSync(certificate.key) },
          handle,
        );
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `${certificate === undefined ? 'http' : 'https'}://127.0.0.1:${port}`,
    port,
    requests,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function recorded(message: IncomingMessage): Promise<RecordedRequest> {
  const bytes = await buffer(message);
  const encoding = message.headers['content-encoding'];
  return {
    method: message.method ?? '',
    path: (message.url ?? '').split('?', 1)[0] as string,
    authorization: message.headers.authorization,
    encoding,
    body: (encoding === 'gzip' ? gunzipSync(bytes) : bytes).toString('utf8'),
  };
}
