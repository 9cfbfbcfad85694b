import type { AddressInfo } from 'node:net';
import fastify, { type FastifyInstance } from 'fastify';
import type { MuteOrder } from '../anomalies/mute-line.ts';
import { ALERTS_PATH } from '../sinks/alerts/alert-options.ts';
import { isKnownHost, isLoopback, isOwnOrigin, sameToken } from './access.ts';
import { type AlertRouteOptions, addAlertRoute } from './alert-route.ts';
import { addLiveRoutes, type LiveRouteOptions } from './live/live-routes.ts';
import { addLogRoutes, type LogRouteOptions } from './log-routes.ts';
import { addLoginRoutes, OPEN_PATHS } from './login-routes.ts';
import { addMuteRoutes } from './mute-routes.ts';
import { addPageRoutes } from './page-routes.ts';
import type { ReplayHost } from './replays/replay-host.ts';
import { addReplayRoutes } from './replays/replay-routes.ts';
import { addComparisonRoutes, type ComparisonHost } from './reports/comparison-routes.ts';
import { addReportRoutes, type ReportHost } from './reports/report-routes.ts';
import { addRoutes, type RouteOptions } from './routes.ts';
import { Sessions } from './sessions.ts';

export interface HttpOptions extends RouteOptions {
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  /** What requests carry as `Authorization: Bearer …`; without it only loopback is served. */
  readonly token: string | undefined;
  /** Further names that the Host header may have. */
  readonly allowedHosts: readonly string[];
  readonly logs: LogRouteOptions;
  /** Where Alertmanager tells of alerts; undefined where it may not. */
  readonly alerts?: AlertRouteOptions | undefined;
  /** What the live page shows. */
  readonly live: LiveRouteOptions;
  /** Recordings that it may replay. */
  readonly replays: ReplayHost;
  /** Reports of them. */
  readonly reports: ReportHost;
  /** What they are compared by. */
  readonly comparisons: ComparisonHost;
  /** Has incidents of a place wake nobody for a time, or do so again. */
  readonly mute: (order: MuteOrder) => void;
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
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; " +
    "img-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cache-control': 'no-store',
};

/**
 * Serves /metrics, health, the live page and its API. Loopback only, unless there is a token.
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
  const sessions = new Sessions(Date.now);
  guard(server, options, sessions);
  addRoutes(server, options);
  addLogRoutes(server, options.logs);
  addLiveRoutes(server, options.live);
  addReplayRoutes(server, options.replays);
  addReportRoutes(server, options.reports);
  addComparisonRoutes(server, options.comparisons);
  addMuteRoutes(server, options.mute);
  addPageRoutes(server);
  if (options.alerts !== undefined) addAlertRoute(server, options.alerts);
  addLoginRoutes(server, options.token, sessions);
  server.addHook('preClose', async () => options.live.hub.close());
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

function guard(server: FastifyInstance, options: HttpOptions, sessions: Sessions): void {
  const { token } = options;
  const known = [options.host, ...options.allowedHosts].map((name) => name.toLowerCase());
  server.addHook('onRequest', async (request, reply) => {
    reply.headers(HEADERS);
    const { host, origin, authorization, cookie, accept } = request.headers;
    const site = request.headers['sec-fetch-site'] as string | undefined;
    const mode = request.headers['sec-fetch-mode'] as string | undefined;
    if (!isKnownHost(host, known)) {
      await reply.code(421).send({ error: 'this server is not known by that Host' });
      return;
    }
    if (!isOwnOrigin({ host, origin, site, mode }, known)) {
      await reply.code(403).send({ error: 'a page elsewhere asks for this' });
      return;
    }
    const path = request.url.replace(/\?.*$/, '');
    // It has a token of its own.
    if (path === ALERTS_PATH && options.alerts !== undefined) return;
    if (token === undefined || OPEN_PATHS.has(path) || sessions.isOpen(cookie)) return;
    const given = /^Bearer (.+)$/.exec(authorization ?? '')?.[1];
    if (given !== undefined && sameToken(given, token)) return;
    if (path === '/' && authorization === undefined && /\btext\/html\b/.test(accept ?? '')) {
      await reply.redirect('/login', 303);
      return;
    }
    await reply.code(401).header('www-authenticate', 'Bearer').send({ error: 'needs a token' });
  });
}
