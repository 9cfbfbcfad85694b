import { afterEach, expect, it } from 'vitest';
import type { AlertRouteOptions } from '../../src/http/alert-route.ts';
import { createHttpServer, type HttpServer } from '../../src/http/server.ts';
import type { ToldAlert } from '../../src/sinks/alerts/alert-publisher.ts';
import { HTTP_OPTIONS } from './http-options.ts';

const TOKEN = 'token-of-the-webhook-0123456789';
const open: HttpServer[] = [];
afterEach(async () => {
  for (const server of open.splice(0)) await server.close();
});

async function start(
  more: Partial<AlertRouteOptions> = {},
): Promise<{ url: string; told: ToldAlert[]; failures: unknown[] }> {
  const told: ToldAlert[] = [];
  const failures: unknown[] = [];
  const alerts: AlertRouteOptions = {
    token: () => TOKEN,
    publish: async (alerts) => {
      told.push(...alerts);
      return { published: alerts.length, tooLarge: 0 };
    },
    failed: (error) => failures.push(error),
    ...more,
  };
  const server = await createHttpServer({ ...HTTP_OPTIONS, token: 'token-of-the-page-01', alerts });
  open.push(server);
  return { url: `${server.url}/api/alerts`, told, failures };
}

function post(url: string, body: unknown, token = TOKEN): Promise<Response> {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
  return fetch(url, { method: 'POST', headers, body: text });
}

/** As Alertmanager 0.35 sends it. */
const BODY = {
  receiver: 'spikescope-nats',
  status: 'firing',
  alerts: [
    {
      status: 'firing',
      labels: { alertname: 'HardwareDisconnected', severity: 'critical' },
      annotations: { summary: 's' },
      startsAt: '2026-11-29T07:00:00Z',
      endsAt: '0001-01-01T00:00:00Z',
      generatorURL: 'http://prometheus/graph',
      fingerprint: 'a1b2',
    },
  ],
  groupLabels: {},
  commonLabels: {},
  commonAnnotations: {},
  externalURL: 'http://alertmanager',
  version: '4',
  groupKey: '{}:{}',
  truncatedAlerts: 0,
};

it('takes what Alertmanager sends, and says how much of it NATS has', async () => {
  const { url, told } = await start();
  const answer = await post(url, BODY);
  expect([answer.status, await answer.json()]).toEqual([200, { published: 1, tooLarge: 0 }]);
  expect(told).toEqual([{ ...BODY.alerts[0], groupKey: '{}:{}' }]);
});

it.each([['token-of-the-page-01'], ['x'], ['']])('refuses the token %j', async (token) => {
  const { url, told } = await start();
  expect((await post(url, BODY, token)).status).toBe(401);
  expect(told).toEqual([]);
});

it('gives its token no other door', async () => {
  const { url } = await start();
  const headers = { authorization: `Bearer ${TOKEN}` };
  expect((await fetch(new URL('/metrics', url), { headers })).status).toBe(401);
});

it('is not there where no token is configured', async () => {
  const server = await createHttpServer(HTTP_OPTIONS);
  open.push(server);
  expect((await post(`${server.url}/api/alerts`, BODY)).status).toBe(404);
});

it.each([
  [{}, 'alerts'],
  [{ alerts: [{ ...BODY.alerts[0], status: 'odd' }] }, 'alerts.0.status'],
  [{ alerts: [{ ...BODY.alerts[0], labels: { a: 1 } }] }, 'alerts.0.labels.a'],
])('refuses %j and names the field', async (body, field) => {
  const { url, told } = await start();
  const answer = await post(url, body);
  expect(answer.status).toBe(400);
  expect(((await answer.json()) as { error: string }).error).toContain(`${field}: `);
  expect(told).toEqual([]);
});

it('refuses more than a megabyte, and what is no JSON', async () => {
  const { url } = await start();
  expect((await post(url, `"${'x'.repeat(1024 * 1024)}"`)).status).toBe(413);
  expect((await post(url, '{')).status).toBe(400);
});

it('asks for it again where NATS does not have it', async () => {
  const error = new Error('not connected');
  const { url, failures } = await start({ publish: () => Promise.reject(error) });
  const answer = await post(url, BODY);
  expect([answer.status, answer.headers.get('retry-after')]).toEqual([503, '5']);
  expect(failures).toEqual([error]);
});

it('takes four at once, and asks for the fifth again', async () => {
  const gate = Promise.withResolvers<{ published: number; tooLarge: number }>();
  let asked = 0;
  const { url } = await start({
    publish: () => {
      asked++;
      return gate.promise;
    },
  });
  const first = [1, 2, 3, 4].map(() => post(url, BODY));
  while (asked < 4) await new Promise((resolve) => setTimeout(resolve, 5));
  expect((await post(url, BODY)).status).toBe(503);
  gate.resolve({ published: 1, tooLarge: 0 });
  expect((await Promise.all(first)).map(({ status }) => status)).toEqual([200, 200, 200, 200]);
});
