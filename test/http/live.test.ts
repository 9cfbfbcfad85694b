import { connect } from 'node:net';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { NO_SINKS } from '../../src/component/record-sinks.ts';
import { API_ROUTES, type ApiRoute } from '../../src/http/live/api.ts';
import { LiveHub } from '../../src/http/live/live-hub.ts';
import { LiveView } from '../../src/http/live/live-view.ts';
import { createHttpServer, type HttpServer } from '../../src/http/server.ts';
import { LiveStore } from '../../src/sinks/live/live-store.ts';
import { MetricValues } from '../../src/sinks/live/metric-values.ts';
import { MetricStore } from '../../src/sinks/prometheus/metric-store.ts';
import { until } from '../integration/until.ts';
import { spikesFrame } from '../sinks/live/spikes-frame.ts';
import { HTTP_OPTIONS } from './http-options.ts';

const open: HttpServer[] = [];
afterEach(async () => {
  for (const server of open.splice(0)) await server.close();
});

interface Started {
  readonly url: string;
  readonly live: LiveStore;
  readonly told: { clients: number; skipped: number; refused: number };
}

async function start(more: { token?: string } = {}): Promise<Started> {
  const live = new LiveStore(() => performance.now());
  const told = { clients: 0, skipped: 0, refused: 0 };
  const view = new LiveView({
    ...{ version: '1', source: 'a test', connected: () => true, pipelines: [], live },
    ...{ values: new MetricValues(new MetricStore()), refresh: () => {}, traceUrl: undefined },
    ...{ logsStored: false, nowUs: () => Date.now() * 1000 },
  });
  const hub = new LiveHub({
    ...{ view, clientsMax: 2 },
    clients: (count) => {
      told.clients = count;
    },
    skipped: () => {
      told.skipped++;
    },
  });
  const refused = (): void => {
    told.refused++;
  };
  const server = await createHttpServer({
    ...HTTP_OPTIONS,
    ...more,
    live: { view, hub, version: '1', refused },
  });
  open.push(server);
  return { url: server.url, live, told };
}

function methodAndPath({ path, method = 'get' }: ApiRoute): string {
  return `${method} ${path}`;
}

async function json(url: string): Promise<{ status: number; body: Record<string, unknown> }> {
  const answer = await fetch(url);
  return { status: answer.status, body: (await answer.json()) as Record<string, unknown> };
}

describe('the API', () => {
  it('answers every route that its document names, as its schema says', async () => {
    const { url, live } = await start();
    live.saw(spikesFrame(1_000_000, [[1, 5]]), false);
    const place = { device_type: 'loihi2', chip_id: '0', layer_name: 'l' };
    const fields = { incident_id: 'i', event: 'opened', started_us: 1_000_000, ...place };
    const record = { record: 'anomaly', key: ['d'], t0Us: 5, spanUs: 0, fields };
    live.beside(NO_SINKS).derived?.(record);
    const { body } = await json(`${url}/api/openapi.json`);
    const paths = body['paths'] as Record<string, object>;
    expect(
      Object.entries(paths).flatMap(([path, methods]) =>
        Object.keys(methods).map((method) => `${method} ${path}`),
      ),
    ).toEqual(expect.arrayContaining(API_ROUTES.map(methodAndPath)));
    for (const { path, method, answer, type } of API_ROUTES) {
      if (type !== undefined) continue;
      if (answer === undefined || method !== undefined || path.includes('{')) continue;
      const query = {
        '/api/spikes': '?population=loihi2/0/l',
        '/api/raster': '?from=0&to=2000',
        '/api/incident': '?id=i',
      };
      const got = await json(`${url}${path}${query[path as keyof typeof query] ?? ''}`);
      expect(got.status, path).toBe(200);
      expect(answer.safeParse(got.body).error, path).toBeUndefined();
    }
  });

  it('gives spikes of a population from one time to another, as Insite does', async () => {
    const { url, live } = await start();
    const spikes = [
      [1, 0],
      [3, 1500],
      [2, 50_000],
    ] as const;
    live.saw(spikesFrame(1_000_000, spikes), false);
    const { body } = await json(`${url}/api/populations`);
    expect(body).toMatchObject({
      populations: [{ name: 'loihi2/0/l', size: 4, from: 1000, to: 1100 }],
    });
    const at = `${url}/api/spikes?population=loihi2/0/l`;
    expect((await json(at)).body).toMatchObject({
      ...{ nodeIds: [1, 3, 2], simulationTimes: [1000, 1001.5, 1050] },
      ...{ lastFrame: true, complete: true },
    });
    expect((await json(`${at}&from=1001&to=1050`)).body).toMatchObject({ nodeIds: [3] });
    const cut = await json(`${at}&limit=1`);
    expect(cut.body).toMatchObject({ nodeIds: [1], lastFrame: false, complete: false });
  });

  it.each([
    ['/api/spikes', 'population'],
    ['/api/spikes?population=x&from=-1', 'from'],
    ['/api/spikes?population=x&limit=1e9', 'limit'],
    ['/api/raster?from=0', 'to'],
    ['/api/overview?x=1', 'x'],
    ['/api/live?topics=nothing', 'topics.0'],
  ])('refuses %s and names %s', async (path, parameter) => {
    const { url } = await start();
    const { status, body } = await json(`${url}${path}`);
    expect([status, body['parameter']]).toEqual([400, parameter]);
  });

  it('has no population of another name', async () => {
    const { url } = await start();
    expect((await json(`${url}/api/spikes?population=x`)).status).toBe(404);
  });

  it('shows incidents as detectors derive them', async () => {
    const { url, live } = await start();
    const fields = {
      ...{ incident_id: 'i', event: 'opened', detector: 'd', series: 's', severity: 'critical' },
      ...{ text: '<b>', started_us: 5, muted: false, layer_name: 'l', score: 1 },
    };
    const take = live.beside(NO_SINKS).derived;
    take?.({ record: 'anomaly', key: ['d'], t0Us: 5, spanUs: 0, fields });
    expect((await json(`${url}/api/incidents`)).body).toMatchObject({
      ...{ open: 1, incidents: [{ text: '<b>', layer_name: 'l', severity: 'critical' }] },
    });
    const closed = { ...fields, event: 'closed', ended_us: 9 };
    take?.({ record: 'anomaly', key: ['d'], t0Us: 9, spanUs: 0, fields: closed });
    expect((await json(`${url}/api/incidents`)).body).toMatchObject({
      ...{ open: 0, incidents: [{ ended_us: 9 }] },
    });
  });
});

describe('the stream', () => {
  it('sends all there is, then what changed', async () => {
    const { url, live, told } = await start();
    live.saw(spikesFrame(1_000_000, [[1, 5]]), false);
    const stop = new AbortController();
    const { signal } = stop;
    const answer = await fetch(`${url}/api/live?topics=raster,logs&seconds=5`, { signal });
    expect(answer.headers.get('content-type')).toBe('text/event-stream');
    expect(answer.headers.get('content-security-policy')).toMatch(/^default-src 'none'/);
    const reader = (answer.body as ReadableStream<Uint8Array>).getReader();
    let text = '';
    const read = async (pattern: RegExp) => {
      while (!pattern.test(text)) text += new TextDecoder().decode((await reader.read()).value);
    };
    await read(/event: raster\ndata: .*"received":1,.*"columns"/);
    await read(/event: logs/);
    text = '';
    live.saw(spikesFrame(1_100_000, [[1, 5]]), false);
    await read(/"received":2,.*"columns":\{"first":55,"count":5/);
    expect(told.clients).toBe(1);
    stop.abort();
    await until('it has left', () => told.clients === 0);
  });

  it('is for so many, and says so to the next', async () => {
    const { url, told } = await start();
    const stop = new AbortController();
    for (let i = 0; i < 2; i++) {
      await fetch(`${url}/api/live?topics=overview`, { signal: stop.signal });
    }
    const { status, body } = await json(`${url}/api/live?topics=overview`);
    expect(status).toBe(503);
    expect(body['error']).toContain('2 pages are open');
    expect(told).toMatchObject({ clients: 2, refused: 1 });
    stop.abort();
  });

  it('keeps nothing for a client that does not read', async () => {
    const { url, live, told } = await start();
    const { hostname, port } = new URL(url);
    const socket = connect(Number(port), hostname);
    socket.pause();
    socket.write(
      `GET /api/live?topics=raster&seconds=120 HTTP/1.1\r\nHost: ${hostname}:${port}\r\n\r\n`,
    );
    const ids = Array.from({ length: 90 }, (_, i) => [i, i] as const);
    const add = (t0Us: number) => {
      for (let layer = 0; layer < 40; layer++) {
        const more = { layerName: `l${layer}`, neuronCount: 96, spanUs: 20_000_000 };
        live.saw(spikesFrame(t0Us, ids, more), false);
      }
    };
    await until('it is there', () => told.clients === 1);
    // Each look has something to send, until one finds that the last was not taken.
    const look = vi.spyOn(live.revisions, 'next');
    let looks = -1;
    let t0Us = 0;
    await until('a look is left out', () => {
      if (look.mock.calls.length > looks) {
        looks = look.mock.calls.length;
        t0Us += 20_000_000;
        if (t0Us < 3_000_000_000) add(t0Us);
      }
      return told.skipped > 2;
    });
    expect((await json(`${url}/api/overview`)).status).toBe(200);
    socket.destroy();
    await until('it has left', () => told.clients === 0);
  });
});

describe('access', () => {
  const get = (url: string, headers: Record<string, string>) => fetch(url, { headers });

  it('is not for pages elsewhere', async () => {
    const { url } = await start();
    const at = `${url}/api/overview`;
    expect((await get(at, { origin: 'http://evil.example' })).status).toBe(403);
    expect((await get(at, { origin: 'null' })).status).toBe(403);
    expect((await get(at, { origin: url })).status).toBe(200);
    const login = await fetch(`${url}/login`, {
      method: 'POST',
      headers: { origin: 'http://evil.example' },
      body: new URLSearchParams({ token: 'x' }),
    });
    expect(login.status).toBe(403);
  });

  it('by cookie lasts until the logout, and wrong tokens are held back', async () => {
    const token = 'a-token-of-16-chars';
    const { url } = await start({ token });
    const login = (given: string) =>
      fetch(`${url}/login`, {
        method: 'POST',
        redirect: 'manual',
        body: new URLSearchParams({ token: given }),
      });
    const cookie = (await login(token)).headers.get('set-cookie') ?? '';
    expect(cookie).toMatch(/; Path=\/; HttpOnly; SameSite=Strict; Max-Age=43200$/);
    const headers = { cookie: cookie.split(';')[0] as string };
    expect((await get(`${url}/api/overview`, headers)).status).toBe(200);
    expect((await get(`${url}/api/overview`, { cookie: 'spikescope_session=x' })).status).toBe(401);
    await fetch(`${url}/logout`, { method: 'POST', headers, redirect: 'manual' });
    expect((await get(`${url}/api/overview`, headers)).status).toBe(401);
    for (let i = 0; i < 10; i++) expect((await login(`wrong ${i}`)).status).toBe(401);
    expect((await login(token)).status).toBe(429);
    const long = await login('x'.repeat(10_000));
    expect(long.status).toBe(413);
  });

  it('sends a browser to the login, and a program its answer', async () => {
    const { url } = await start({ token: 'a-token-of-16-chars' });
    const browser = await fetch(url, { headers: { accept: 'text/html' }, redirect: 'manual' });
    expect([browser.status, browser.headers.get('location')]).toEqual([303, '/login']);
    expect((await fetch(url, { redirect: 'manual' })).status).toBe(401);
    for (const path of ['/api/live?topics=raster', '/page/main.js', '/page/../health/detailed']) {
      expect((await fetch(`${url}${path}`)).status, path).toBe(401);
    }
  });

  it.each(['/page/../page-files.js', '/page/%2e%2e/server.js', '/page/nothing.js', '/page/'])(
    'is to the files of the page alone: %s',
    async (path) => {
      const { url } = await start();
      expect((await fetch(`${url}${path}`)).status).toBe(404);
    },
  );
});
