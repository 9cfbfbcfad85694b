import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import {
  InMemorySpanExporter,
  SimpleSpanProcessor,
  type TracerProviderOptions,
} from '@opentelemetry/sdk-trace';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { type OwnTracing, startOwnTracing } from '../../src/telemetry/own-tracing.ts';

let server: Server;
let url = '';
let seen: IncomingHttpHeaders[] = [];
let tracing: OwnTracing;
let exporter: InMemorySpanExporter;

beforeEach(async () => {
  seen = [];
  server = createServer((request, response) => {
    seen.push(request.headers);
    response.writeHead(request.url === '/gone' ? 404 : 200).end('{}');
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  exporter = new InMemorySpanExporter();
  const options: TracerProviderOptions = {
    spanProcessors: [new SimpleSpanProcessor({ exporter })],
  };
  tracing = startOwnTracing(options, '1.2.3');
});

afterEach(async () => {
  tracing.close();
  await new Promise((resolve) => server.close(resolve).closeAllConnections());
});

const get = async (path: string): Promise<string> => (await fetch(`${url}${path}`)).text();

it('makes a span of each request, which carries it to the server', async () => {
  await get('/a?token=canary&q=1');
  await get('/gone');
  const [first, second] = exporter.getFinishedSpans();
  expect(first).toMatchObject({ name: 'GET', kind: SpanKind.CLIENT });
  expect(first?.attributes).toMatchObject({
    'http.request.method': 'GET',
    'http.response.status_code': 200,
    'url.path': '/a',
    'url.full': `${url}/a?token=***&q=1`,
    'url.query': '?token=***&q=1',
  });
  expect(JSON.stringify(first?.attributes)).not.toContain('canary');
  const ids = first?.spanContext();
  expect(seen[0]?.['traceparent']).toBe(`00-${ids?.traceId}-${ids?.spanId}-01`);
  expect(second?.status.code).toBe(SpanStatusCode.ERROR);
});

it('is what libraries find through the API, also across what is awaited', async () => {
  await trace.getTracer('elasticsearch').startActiveSpan('search', async (span) => {
    await Promise.resolve();
    await get('/b');
    span.end();
  });
  const [request, search] = exporter.getFinishedSpans();
  expect(search?.name).toBe('search');
  expect(request?.parentSpanContext?.spanId).toBe(search?.spanContext().spanId);
});

it('leaves nothing behind when it is closed', async () => {
  tracing.close();
  await get('/c');
  trace.getTracer('t').startSpan('s').end();
  expect(exporter.getFinishedSpans()).toEqual([]);
  expect(seen[0]?.['traceparent']).toBeUndefined();
});
