import { connect } from 'node:net';
import { afterEach, expect, it } from 'vitest';
import type { HealthReadings } from '../../src/http/detailed-health.ts';
import { createHttpServer, type HttpOptions, type HttpServer } from '../../src/http/server.ts';
import { HTTP_OPTIONS } from './http-options.ts';

const open: HttpServer[] = [];
afterEach(async () => {
  for (const server of open.splice(0)) await server.close();
});

const READINGS: HealthReadings = {
  ...{ cpuPercent: 12.345, memoryPercent: 50, diskPercent: 99.96, gpus: 2 },
  ...{ loihi2Connected: true, spinnakerConnected: false },
  ...{ nats: true, prometheus: false, database: null },
};

async function start(options: Partial<HttpOptions> = {}): Promise<HttpServer> {
  const server = await createHttpServer({
    ...HTTP_OPTIONS,
    health: () => READINGS,
    ...options,
  });
  open.push(server);
  return server;
}

/** A request written by hand: fetch sets Host itself. */
function raw(server: HttpServer, text: string): Promise<string> {
  const { hostname, port } = new URL(server.url);
  return new Promise((resolve, reject) => {
    let answer = '';
    const socket = connect(Number(port), hostname, () => socket.write(text));
    socket.on('data', (data) => {
      answer += data;
    });
    socket.on('close', () => resolve(answer));
    socket.on('error', reject);
  });
}

const PATHS = ['/', '/metrics', '/health', '/health/detailed', '/page/page.css', '/nothing'];

it.each(PATHS)('%s has a strict policy, and no sniffing', async (path) => {
  const { headers } = await fetch(`${(await start()).url}${path}`);
  expect(headers.get('content-security-policy')).toMatch(/^default-src 'none'/);
  expect(headers.get('content-security-policy')).not.toMatch(/unsafe|\*|http:|data:/);
  expect(headers.get('x-content-type-options')).toBe('nosniff');
  expect(headers.get('referrer-policy')).toBe('no-referrer');
});

it('answers /health and /metrics', async () => {
  const { url } = await start();
  expect(await (await fetch(`${url}/health`)).json()).toEqual({
    status: 'healthy',
    timestamp: '2026-11-24T00:00:00.000Z',
    version: '1.2.3',
  });
  const metrics = await fetch(`${url}/metrics`);
  expect(metrics.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8');
  expect(await metrics.text()).toBe('m 1\n');
});

it('answers /health/detailed with what was found last', async () => {
  const answer = await fetch(`${(await start()).url}/health/detailed`);
  expect(answer.status).toBe(200);
  expect(answer.headers.get('content-type')).toMatch(/^application\/json/);
  expect(await answer.json()).toEqual({
    status: 'healthy',
    timestamp: '2026-11-24T00:00:00.000Z',
    version: '1.2.3',
    system: {
      cpu_percent: 12.3,
      memory_percent: 50,
      disk_usage: 100,
      gpu_available: true,
      gpu_count: 2,
    },
    hardware: { loihi2_connected: true, spinnaker_connected: false },
    services: { nats: true, prometheus: false, database: null },
  });
});

it.each([
  ['healthy', { memoryPercent: 90 }],
  ['degraded', { memoryPercent: 90.01 }],
  ['healthy', { memoryPercent: null }],
  ['healthy', { loihi2Connected: false, spinnakerConnected: true }],
  ['degraded', { loihi2Connected: false }],
  ['healthy', { nats: false, prometheus: false, database: false, gpus: 0 }],
] as const)('is %s with %o', async (status, more) => {
  const { url } = await start({ health: () => ({ ...READINGS, ...more }) });
  expect(await (await fetch(`${url}/health/detailed`)).json()).toMatchObject({ status });
});

it('asks for the token everywhere but on /health, where one is set', async () => {
  const { url } = await start({ token: 'a-token-of-16-chars' });
  const status = async (path: string, authorization?: string) =>
    (await fetch(`${url}${path}`, authorization ? { headers: { authorization } } : {})).status;
  for (const path of ['/', '/metrics', '/health/detailed', '/page/main.js', '/nothing']) {
    expect(await status(path), path).toBe(401);
    expect(await status(path, 'Bearer a-token-of-16-charz'), path).toBe(401);
    expect(await status(path, 'Basic a-token-of-16-chars'), path).toBe(401);
  }
  expect(await status('/health')).toBe(200);
  expect(await status('/metrics', 'Bearer a-token-of-16-chars')).toBe(200);
});

it.each(['0.0.0.0', '192.168.0.1', '::', 'chip-lab.example'])(
  'does not listen on %s without a token',
  async (host) => {
    await expect(start({ host })).rejects.toThrow('needs a token: set http.token_file');
  },
);

it('listens on all addresses with one', async () => {
  const { url } = await start({ host: '0.0.0.0', token: 'a-token-of-16-chars' });
  expect((await fetch(`${url}/health`)).status).toBe(200);
});

it('knows itself by its own names only, so that no page elsewhere can read it', async () => {
  const server = await start({ allowedHosts: ['Spikes.lab'] });
  const get = (host: string) =>
    raw(server, `GET /metrics HTTP/1.1\r\n${host}Connection: close\r\n\r\n`);
  expect(await get('Host: evil.example\r\n')).toMatch(/^HTTP\/1.1 421/);
  expect(await get('Host: 127.0.0.1.evil.example:9464\r\n')).toMatch(/^HTTP\/1.1 421/);
  expect(await get('Host: spikes.lab:80\r\n')).toMatch(/^HTTP\/1.1 200/);
  expect(await get('Host: [::1]:9464\r\n')).toMatch(/^HTTP\/1.1 200/);
  expect(await get('')).toMatch(/^HTTP\/1.1 4/);
});

it('says which address is taken, and how to choose another', async () => {
  const { port } = new URL((await start()).url);
  await expect(start({ port: Number(port) })).rejects.toThrow(
    `http: listening on 127.0.0.1:${port} is in use by another program; choose another with --http`,
  );
});

it('tells nothing of itself when something fails, and goes on', async () => {
  const heard: unknown[] = [];
  const { url } = await start({
    metrics: async () => {
      throw new Error('a secret path /home/x');
    },
    failed: (path, error) => heard.push([path, (error as Error).message]),
  });
  const answer = await fetch(`${url}/metrics`);
  expect(answer.status).toBe(500);
  expect(await answer.text()).not.toMatch(/secret|\/home|at /);
  expect(heard).toEqual([['/metrics', 'a secret path /home/x']]);
  expect((await fetch(`${url}/health`)).status).toBe(200);
  expect((await fetch(`${url}/metrics`, { method: 'POST' })).status).toBe(404);
});
