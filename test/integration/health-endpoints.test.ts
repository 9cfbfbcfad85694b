import { writeFile } from 'node:fs/promises';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { startNatsServer } from './nats-server.ts';
import { type ServiceProcess, startService } from './service-process.ts';
import { until } from './until.ts';

const open: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of open.splice(0).reverse()) await close();
});

/** Every key of an object, those of maps inside it too. */
function keysOf(value: object): string[] {
  return Object.entries(value).flatMap(([key, inner]) => {
    const isMap = inner !== null && typeof inner === 'object';
    return isMap ? keysOf(inner as object).map((each) => `${key}.${each}`) : [key];
  });
}

async function get(service: ServiceProcess, path: string): Promise<Health> {
  const answer = await fetch(`${service.url}${path}`);
  expect(answer.status).toBe(200);
  return (await answer.json()) as Health;
}

interface Health {
  readonly status: string;
  readonly timestamp: string;
  readonly system: Readonly<Record<string, unknown>>;
  readonly services: Readonly<Record<string, unknown>>;
}

it('demo has exactly the fields of the kit, with its recordings as chips', async () => {
  const service = await startService(['demo', '--http', '127.0.0.1:0']);
  open.push(() => service.stop());
  const health = await get(service, '/health');
  expect(Object.keys(health)).toEqual(['status', 'timestamp', 'version']);
  expect(health).toMatchObject({ status: 'healthy', version: expect.stringMatching(/^\d+\.\d+/) });
  expect(new Date(health.timestamp).toISOString()).toBe(health.timestamp);

  await service.until('a chip is there', (seen) => seen.value('loihi2_health_status') === 1);
  const measured = ['cpu_percent', 'memory_percent', 'disk_usage'];
  let detailed = await get(service, '/health/detailed');
  // On a busy machine it serves before it has looked at the machine.
  await until('the machine is known', async () => {
    detailed = await get(service, '/health/detailed');
    return measured.every((key) => detailed.system[key] !== null);
  });
  expect(keysOf(detailed)).toEqual([
    ...['status', 'timestamp', 'version'],
    ...['system.cpu_percent', 'system.memory_percent', 'system.disk_usage'],
    ...['system.gpu_available', 'system.gpu_count'],
    ...['hardware.loihi2_connected', 'hardware.spinnaker_connected'],
    ...['services.nats', 'services.prometheus', 'services.database'],
  ]);
  expect(detailed).toMatchObject({
    status: 'healthy',
    hardware: { loihi2_connected: true, spinnaker_connected: false },
    services: { nats: null, prometheus: null, database: null },
  });
  for (const key of measured) {
    expect(detailed.system[key], key).toBeGreaterThanOrEqual(0);
    expect(detailed.system[key], key).toBeLessThanOrEqual(100);
  }
  expect((await service.metrics()).sum('spikescope_health_checks_total')).toBe(0);
});

/** Prometheus as far as it is asked: what it answers is the test's, at first nothing. */
async function startPrometheus() {
  const waiting: ServerResponse[] = [];
  let status: number | undefined;
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(request.url ?? '');
    if (status === undefined) waiting.push(response);
    else response.writeHead(status).end('Prometheus Server is Healthy.');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  open.push(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/prometheus`,
    asked,
    /** A request that is neither answered nor given up. */
    hanging: () => waiting.find((response) => !response.destroyed),
    answer: (code: number | undefined) => {
      status = code;
    },
  };
}

it('answers while a check hangs, fails that one alone, and sees it come right', async () => {
  const nats = await startNatsServer();
  open.push(() => nats.stop());
  const prometheus = await startPrometheus();
  const file = join(nats.folder, 'spikescope.yaml');
  const health = { prometheus_url: prometheus.url, check_interval: '50ms', retry_interval: '50ms' };
  await writeFile(file, stringify({ health: { ...health, timeout: '5s' } }));
  const args = ['run', '--config', file, '--nats', nats.url, '--http', '127.0.0.1:0'];
  const service = await startService(args);
  open.push(() => service.stop());
  await service.logged('listening on');

  let during: Health | undefined;
  await until('an answer comes while a check hangs', async () => {
    const hung = prometheus.hanging();
    if (hung === undefined) return false;
    during = await get(service, '/health/detailed');
    const isKnown = during.services['database'] === true && during.system['cpu_percent'] !== null;
    return isKnown && !hung.destroyed;
  });
  expect(during?.services).toEqual({ nats: true, prometheus: false, database: true });
  await service.logged('took longer than 5 s');
  expect(prometheus.asked.every((path) => path === '/prometheus/-/healthy')).toBe(true);

  const prometheusIs = (value: boolean) => async () => {
    return (await get(service, '/health/detailed')).services['prometheus'] === value;
  };
  prometheus.answer(200);
  await until('it is healthy', prometheusIs(true));
  const fine = `Prometheus at ${prometheus.url} is fine again`;
  await service.logged(fine);
  prometheus.answer(503);
  await until('it is not', prometheusIs(false));
  await service.logged('answers 503');

  await nats.kill();
  await until('NATS is away', async () => {
    return (await get(service, '/health/detailed')).services['nats'] === false;
  });
  expect((await get(service, '/health')).status).toBe('healthy');
});
