import type { HttpOptions } from '../../src/http/server.ts';

/** A server on a free loopback port that knows nothing. */
export const HTTP_OPTIONS: HttpOptions = {
  host: '127.0.0.1',
  port: 0,
  token: undefined,
  allowedHosts: [],
  version: '1.2.3',
  metrics: async () => 'm 1\n',
  metricsType: 'text/plain; version=0.0.4; charset=utf-8',
  health: () => ({
    ...{ cpuPercent: null, memoryPercent: null, diskPercent: null, gpus: 0 },
    ...{ loihi2Connected: false, spinnakerConnected: false },
    ...{ nats: null, prometheus: null, database: null },
  }),
  page: () => ({ version: '1.2.3', source: 'a test', connected: true, totals: [] }),
  now: () => '2026-11-24T00:00:00.000Z',
  logs: { store: undefined, nowMs: () => 0 },
  failed: () => {},
};
