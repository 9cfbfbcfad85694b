import { LiveHub } from '../../src/http/live/live-hub.ts';
import { LiveView } from '../../src/http/live/live-view.ts';
import type { HttpOptions } from '../../src/http/server.ts';
import { LiveStore } from '../../src/sinks/live/live-store.ts';
import { MetricValues } from '../../src/sinks/live/metric-values.ts';
import { MetricStore } from '../../src/sinks/prometheus/metric-store.ts';

/** What the live page shows where nothing has come. */
export const VIEW = new LiveView({
  ...{ version: '1.2.3', source: 'a test', connected: () => true, pipelines: [] },
  ...{ live: new LiveStore(() => performance.now()), values: new MetricValues(new MetricStore()) },
  ...{ refresh: () => {}, traceUrl: undefined, logsStored: false, nowUs: () => 1_000_000 },
});

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

  now: () => '2026-11-24T00:00:00.000Z',
  live: {
    ...{ view: VIEW, version: '1.2.3', refused: () => {} },
    hub: new LiveHub({ view: VIEW, clientsMax: 2, clients: () => {}, skipped: () => {} }),
  },
  replays: {
    recordings: async () => ({ is_configured: false, recordings: [], left: 0 }),
    begin: async () => ({ status: 404, error: 'recording: none' }),
    find: () => undefined,
    end: async () => false,
    close: async () => {},
  },
  reports: {
    report: async () => ({ status: 404, error: 'recording: none' }),
    close: async () => {},
  },
  comparisons: { comparison: async () => ({ status: 404, error: 'a: recording: none' }) },
  mute: () => {},
  logs: { store: undefined, nowMs: () => 0 },
  failed: () => {},
};
