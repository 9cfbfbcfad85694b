import type { AddressInfo } from 'node:net';
import fastify, { type FastifyInstance } from 'fastify';
import { isKnownHost, isLoopback, sameToken } from './access.ts';
import { addLogRoutes, type LogRouteOptions } from './log-routes.ts';
import { addRoutes, type RouteOptions } from './routes.ts';

export interface HttpOptions extends RouteOptions {
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  /** What requests carry as `Authorization: Bearer …`; without it only loopback is served. */
  readonly token: string | undefined;
  /** Further names that the Host header may have. */
  readonly allowedHosts: readonly string[];
  readonly logs: LogRouteOptions;
}

export interface HttpServer {
  readonly url: string;
  close(): Promise<void>;
}

const BODY_BYTES_MAX = 64 * 1024;
const REQUEST_MS_MAX = 10_000;
const CONNECTIONS_MAX = 256;

const HEADERS = {
  'content-security-policy':
    "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; " +
    "frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cache-control': 'no-store',
};

/**
 * Serves /metrics, health and a plain page. Loopback only, unless there is a token.
 * @throws Error naming the address, when it is not loopback without a token, or is taken
 */
export async function createHttpServer(options: HttpOptions): Promise<HttpServer> {
  if (!isLoopback(options.host) && options.token === undefined) {
    throw new Error(
      `http: ${options.host} can be reached from elsewhere and needs a token: ` +
        'set http.token_file, or listen on 127.0.0.1',
    );
  }
  const server = fastify({
    bodyLimit: BODY_BYTES_MAX,
    requestTimeout: REQUEST_MS_MAX,
    connectionTimeout: REQUEST_MS_MAX,
    forceCloseConnections: true,
    logger: false,
  });
  server.server.maxConnections = CONNECTIONS_MAX;
  guard(server, options);
  addRoutes(server, options);
  addLogRoutes(server, options.logs);
  try {
    await server.listen({ host: options.host, port: options.port });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const where = `${options.host}:${options.port}`;
    const what = code === 'EADDRINUSE' ? 'is in use by another program' : `failed (${code})`;
    throw new Error(`http: listening on ${where} ${what}; choose another with --http HOST:PORT`);
  }
  const { port } = server.server.address() as AddressInfo;
  const host = options.host.includes(':') ? `[${options.host}]` : options.host;
  return { url: `http://${host}:${port}`, close: () => server.close() };
}

function guard(server: FastifyInstance, options: HttpOptions): void {
  const known = [options.host, ...options.allowedHosts].map((name) => name.toLowerCase());
  server.addHook('onRequest', async (request, reply) => {
    reply.headers(HEADERS);
    if (!isKnownHost(request.headers.host, known)) {
      await reply.code(421).send({ error: 'this server is not known by that Host' });
      return;
    }
    if (options.token === undefined || request.url === '/health') return;
    const given = /^Bearer (.+)$/.exec(request.headers.authorization ?? '')?.[1];
    if (given === undefined || !sameToken(given, options.token)) {
      await reply.code(401).header('www-authenticate', 'Bearer').send({ error: 'needs a token' });
    }
  });
}
