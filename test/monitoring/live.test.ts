import { readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { parse } from 'yaml';
import { panelQueries } from '../../scripts/dashboards/panel-queries.ts';
import { readExpression } from '../../src/monitoring/promql.ts';
import { freePorts } from '../integration/free-ports.ts';
import { until } from '../integration/until.ts';
import { type LiveRun, startLiveRun } from './live-run.ts';
import { seriesOf } from './query.ts';
import { type Stack, startStack } from './stack.ts';
import { MONITORING } from './tools.ts';

/** Scrapes each second. */
const TIME_SCALE = 1 / 15;
const RATE_INTERVAL = '4s';

/** What no run brings about, and why. */
const NEVER_SEEN: Readonly<Record<string, string>> = {
  ...ofWorkers(
    ...['partitions', 'partitions_owned', 'partition_epoch', 'partition_lag_messages'],
    ...['partition_lease_age_seconds', 'partition_changes_total'],
  ),
  spikescope_pipeline_failures_total: 'a pipeline that throws is a fault of Spikescope',
};

function ofWorkers(...names: readonly string[]): Record<string, string> {
  const where =
    'one process has no partitions; workers have: test/integration/workers-shown.test.ts';
  return Object.fromEntries(names.map((name) => [`spikescope_${name}`, where]));
}

let folder = '';
let live: LiveRun;
let stack: Stack;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'spikescope-live-'));
  const ports = (await freePorts(3)) as [number, number, number];
  const [httpPort, alertmanagerPort, smtpPort] = ports;
  live = await startLiveRun(folder, httpPort, alertmanagerPort);
  const values = {
    timeScale: TIME_SCALE,
    spikescopeUrl: live.service.url,
    smtpPort,
    slackUrl: 'http://127.0.0.1:9/',
  };
  stack = await startStack(folder, values, alertmanagerPort);
});

afterAll(async () => {
  await stack?.stop();
  await live?.stop();
  await rm(folder, { recursive: true, force: true });
});

const DASHBOARDS = readdirSync(join(MONITORING, 'grafana/dashboards')).map((name) => {
  const text = readFileSync(join(MONITORING, 'grafana/dashboards', name), 'utf8');
  return JSON.parse(text) as { uid: string; title: string; panels: [] };
});

function ruleExpressions(name: string): { name: string; expr: string }[] {
  const text = readFileSync(join(MONITORING, 'prometheus/rules', name), 'utf8');
  const file = parse(text) as {
    readonly groups: readonly {
      readonly rules: { alert?: string; record?: string; expr: string }[];
    }[];
  };
  return file.groups.flatMap(({ rules }) =>
    rules.map(({ alert, record, expr }) => ({ name: alert ?? record ?? '', expr })),
  );
}

const NOT_OF_THE_SERVICE = /^(up|ALERTS|scrape_.*|node_.*|.*:.*)$/;

it('gives every metric that a rule or dashboard names in a real /metrics', async () => {
  const named = [
    ...ruleExpressions('alerts.yml').map(({ expr }) => expr),
    ...ruleExpressions('recorded.yml').map(({ expr }) => expr),
    ...DASHBOARDS.flatMap((each) => panelQueries(each).map(({ expr }) => expr)),
  ].flatMap((expr) => readExpression(expr).selectors.map(({ name }) => name));
  const wanted = [...new Set(named)].filter(
    (name) => !NOT_OF_THE_SERVICE.test(name) && NEVER_SEEN[name] === undefined,
  );
  expect(wanted.length).toBeGreaterThan(40);
  let missing: string[] = wanted;
  await until(
    'every metric has a series',
    async () => {
      const { text } = await live.exposition();
      const there = new Set(
        [...text.matchAll(/^([a-zA-Z_:][\w:]*)[{ ]/gm)].map(([, name]) => name),
      );
      missing = wanted.filter((name) => !there.has(name));
      return missing.length === 0;
    },
    () => missing,
  );
  // Those that no run brings about are declared all the same.
  const { text } = await live.exposition();
  for (const name of Object.keys(NEVER_SEEN)) expect(text).toContain(`# TYPE ${name} `);
});

it.each(DASHBOARDS)('answers every panel of $title from a real Prometheus', async (dashboard) => {
  const queries = panelQueries(dashboard);
  expect(queries.length).toBeGreaterThan(9);
  let empty = queries;
  await until(
    'every panel has data',
    async () => {
      const counts = await Promise.all(
        empty.map(({ expr }) => seriesOf(stack.prometheus.url, filledIn(expr), 1)),
      );
      empty = empty.filter((_query, at) => counts[at] === 0);
      return empty.length === 0;
    },
    () => empty,
  );
});

/** As Grafana does, where All is chosen. */
function filledIn(expression: string): string {
  return expression
    .replaceAll('$__rate_interval', RATE_INTERVAL)
    .replaceAll(/\$(device|chip|layer)\b/g, '.*');
}

it('is loaded by Prometheus whole, every target up', async () => {
  const get = async (path: string) =>
    (await (await fetch(`${stack.prometheus.url}/api/v1/${path}`)).json()) as { data: unknown };
  const { groups } = (await get('rules')).data as {
    readonly groups: readonly { readonly rules: readonly { name: string; lastError?: string }[] }[];
  };
  const rules = groups.flatMap((group) => group.rules);
  const ours = [...ruleExpressions('alerts.yml'), ...ruleExpressions('recorded.yml')];
  expect(rules.map(({ name }) => name).sort()).toEqual(ours.map(({ name }) => name).sort());
  expect(rules.filter(({ lastError }) => (lastError ?? '') !== '')).toEqual([]);
  // One scrape may come too late for the second that it has.
  let targets: string[] = [];
  await until(
    'every target is up',
    async () => {
      const { activeTargets } = (await get('targets')).data as {
        readonly activeTargets: readonly { labels: { job: string }; health: string }[];
      };
      targets = activeTargets.map(({ labels, health }) => `${labels.job} ${health}`).sort();
      return targets.every((target) => target.endsWith(' up'));
    },
    () => targets,
  );
  expect(targets).toEqual(['alertmanager up', 'node up', 'prometheus up', 'spikescope up']);
  for (const name of ['node_memory_MemAvailable_bytes', 'node_memory_MemTotal_bytes', 'up']) {
    expect(await seriesOf(stack.prometheus.url, name, 1), name).toBeGreaterThan(0);
  }
});
