import { afterEach, expect, it } from 'vitest';
import type { DerivedRecord } from '../../src/component/derived-record.ts';
import { AlertsRefused, type PostableAlert } from '../../src/sinks/alerts/alertmanager-client.ts';
import { AlertmanagerSink } from '../../src/sinks/alerts/alertmanager-sink.ts';
import { until } from '../integration/until.ts';

const NOW_MS = 1_800_000_000_000;
const KEEP_ALIVE_MS = 60_000;

interface Bench {
  readonly sink: AlertmanagerSink;
  readonly posts: PostableAlert[][];
  readonly drops: string[];
  readonly failures: string[];
  /** Decides what becomes of the next posts; undefined takes them. */
  answer: (alerts: readonly PostableAlert[]) => Error | undefined;
  nowMs: number;
}

const open: AlertmanagerSink[] = [];
afterEach(async () => {
  for (const sink of open.splice(0)) await sink.close(AbortSignal.abort());
});

function bench(incidentsMax = 10, keepAliveMs = KEEP_ALIVE_MS): Bench {
  const posts: PostableAlert[][] = [];
  const drops: string[] = [];
  const failures: string[] = [];
  const made: Bench = {
    posts,
    drops,
    failures,
    answer: () => undefined,
    nowMs: NOW_MS,
    sink: new AlertmanagerSink({
      post: async (alerts) => {
        const error = made.answer(alerts);
        if (error !== undefined) throw error;
        posts.push([...alerts]);
      },
      links: { page: 'http://page/', runbook: 'http://runbook', dashboard: undefined },
      keepAliveMs,
      incidentsMax,
      nowMs: () => made.nowMs,
      events: {
        sent: () => {},
        dropped: (reason, alerts) => drops.push(`${reason} ${alerts}`),
        failed: (reason) => failures.push(reason),
      },
    }),
  };
  open.push(made.sink);
  return made;
}

function record(id: string, event: string, more: Record<string, unknown> = {}): DerivedRecord {
  const fields = {
    incident_id: id,
    event,
    detector: 'silence',
    series: 'rate',
    device_type: 'loihi2',
    chip_id: '0',
    layer_name: id,
    severity: 'critical',
    text: `layer ${id} is silent`,
    started_us: (NOW_MS - 5000) * 1000,
    ...more,
  };
  return { record: 'anomaly', key: [], t0Us: NOW_MS * 1000, spanUs: 0, fields };
}

it('tells of an incident when it opens and when it is over', async () => {
  const { sink, posts } = bench();
  sink.take(record('l0', 'opened'));
  await until('it is sent', () => posts.length === 1);
  expect(posts[0]).toEqual([
    {
      labels: {
        alertname: 'SpikescopeAnomaly',
        severity: 'critical',
        team: 'hardware',
        detector: 'silence',
        series: 'rate',
        device_type: 'loihi2',
        chip_id: '0',
        layer_name: 'l0',
      },
      annotations: {
        summary: 'silence of rate: loihi2/0, layer l0',
        description: 'layer l0 is silent',
        incident_id: 'l0',
        runbook_url: 'http://runbook',
        page_url: 'http://page/',
      },
      startsAt: new Date(NOW_MS - 5000).toISOString(),
      endsAt: new Date(NOW_MS + 4 * KEEP_ALIVE_MS).toISOString(),
      generatorURL: 'http://page/',
    },
  ]);
  sink.take(record('l0', 'closed'));
  await until('its end is sent', () => posts.length === 2);
  expect(posts[1]?.[0]?.endsAt).toBe(new Date(NOW_MS).toISOString());
  expect(sink.depth.messages).toBe(0);
});

it('sends what is open again, and nothing that is over', async () => {
  const made = bench(10, 20);
  const { sink, posts } = made;
  sink.take(record('l0', 'opened'));
  sink.take(record('l1', 'opened'));
  sink.take(record('l1', 'closed'));
  await until('it is kept alive', () => {
    made.nowMs += 5;
    return posts.length >= 4;
  });
  expect(
    new Set(posts.slice(2).flatMap((each) => each.map((a) => a.labels['layer_name']))),
  ).toEqual(new Set(['l0']));
});

it('tells of the last state alone after an outage', async () => {
  const made = bench();
  made.answer = () => new Error('away');
  made.sink.take(record('l0', 'opened'));
  await until('it has failed', () => made.failures.length > 0);
  made.sink.take(record('l0', 'ongoing', { text: 'still' }));
  made.sink.take(record('l1', 'ongoing'));
  expect(made.sink.depth.messages).toBe(2);
  made.answer = () => undefined;
  await until('both are sent', () => made.posts.flat().length === 2);
  expect(made.posts.flat().map((alert) => alert.annotations['description'])).toEqual([
    'still',
    'layer l1 is silent',
  ]);
  expect(made.drops).toEqual([]);
});

it('ends the alert of one detector when the incident turns out to be of another', async () => {
  const { sink, posts } = bench();
  sink.take(record('l0', 'opened', { detector: 'drift' }));
  await until('it is sent', () => posts.length === 1);
  sink.take(record('l0', 'ongoing'));
  await until('both are sent', () => posts.flat().length === 3);
  sink.take(record('l0', 'closed'));
  await until('its end is sent', () => posts.flat().length === 4);
  const told = posts.slice(1).flat();
  expect(
    told.map(({ labels, endsAt }) => [labels['detector'], Date.parse(endsAt) > NOW_MS]),
  ).toEqual([
    ['drift', false],
    ['silence', true],
    ['silence', false],
  ]);
});

it('ends the alert of one severity when the incident gets another', async () => {
  const { sink, posts } = bench();
  sink.take(record('l0', 'opened', { severity: 'warning' }));
  await until('it is sent', () => posts.length === 1);
  sink.take(record('l0', 'ongoing'));
  await until('both are sent', () => posts.flat().length === 3);
  const ends = posts.slice(1).flat();
  expect(
    ends.map(({ labels, endsAt }) => [labels['severity'], Date.parse(endsAt) > NOW_MS]),
  ).toEqual([
    ['warning', false],
    ['critical', true],
  ]);
});

it('loses only what Alertmanager refuses', async () => {
  const made = bench();
  made.answer = (alerts) =>
    alerts.some(({ labels }) => labels['layer_name'] === 'l1')
      ? new AlertsRefused('400')
      : undefined;
  for (const id of ['l0', 'l1', 'l2']) made.sink.take(record(id, 'opened'));
  await until('it is over', () => made.sink.depth.messages === 0);
  expect(
    made.posts
      .flat()
      .map(({ labels }) => labels['layer_name'])
      .sort(),
  ).toEqual(['l0', 'l2']);
  expect(made.drops).toEqual(['refused 1']);
});

it('holds no more than it may, and counts what it drops', async () => {
  const made = bench(2);
  made.answer = () => new Error('away');
  for (const id of ['l0', 'l1', 'l2']) made.sink.take(record(id, 'opened'));
  expect(made.drops).toEqual(['queue_full 1']);
  await made.sink.close(AbortSignal.abort());
  expect(made.drops).toEqual(['queue_full 1', 'stopped 2']);
});

it('leaves alone what is muted, closed before it was told of, or no incident', async () => {
  const { sink, posts } = bench();
  sink.take(record('l0', 'opened', { muted: true }));
  sink.take(record('l1', 'closed'));
  sink.take({ ...record('l2', 'opened'), record: 'power' });
  expect(sink.depth.messages).toBe(0);
  await sink.close(new AbortController().signal);
  expect(posts.flat()).toEqual([]);
});

it('lets no clock that is ahead end an alert before it starts', async () => {
  const { sink, posts } = bench();
  sink.take(record('l0', 'opened', { started_us: (NOW_MS + 1e7) * 1000 }));
  await until('it is sent', () => posts.length === 1);
  expect(posts[0]?.[0]?.startsAt).toBe(new Date(NOW_MS).toISOString());
});

it('sends what is new before it closes', async () => {
  const { sink, posts } = bench();
  sink.take(record('l0', 'opened'));
  await sink.close(new AbortController().signal);
  expect(posts.flat()).toHaveLength(1);
});

it('holds back what is derived again, and then tells what lasts and what just ended', async () => {
  const { sink, posts } = bench();
  let isHeld = true;
  sink.holdWhile(() => isHeld);
  const longAgo = { t0Us: (NOW_MS - 5 * KEEP_ALIVE_MS) * 1000 };
  sink.take({ ...record('long over', 'opened'), ...longAgo });
  sink.take({ ...record('long over', 'closed'), ...longAgo });
  sink.take(record('just over', 'opened'));
  sink.take(record('just over', 'closed'));
  sink.take(record('lasts', 'opened'));
  sink.take(record('lasts', 'ongoing'));
  await new Promise((resolve) => setTimeout(resolve, 300));
  expect(posts).toEqual([]);
  isHeld = false;
  await until('they are sent', () => posts.length === 1);
  const endsAt = posts[0]?.map(({ labels, endsAt }) => [
    labels['layer_name'],
    Date.parse(endsAt) > NOW_MS ? 'firing' : 'resolved',
  ]);
  expect(endsAt).toEqual([
    ['just over', 'resolved'],
    ['lasts', 'firing'],
  ]);
  expect(sink.depth).toEqual({ messages: 0 });
});

it('goes on where the process before it was: keeps alive what lasts, ends the rest', async () => {
  const before = bench();
  before.sink.take(record('lasts', 'opened'));
  before.sink.take(record('ends', 'opened'));
  before.sink.take(record('ended', 'opened'));
  before.sink.take(record('ended', 'closed'));
  const kept = JSON.parse(JSON.stringify(before.sink.snapshot()));
  const after = bench();
  let isHeld = true;
  after.sink.holdWhile(() => isHeld);
  after.sink.restore(kept);
  after.sink.take(record('ends', 'closed'));
  isHeld = false;
  await until('they are sent', () => after.posts.flat().length > 0);
  const told = after.posts.flat();
  expect(
    told.map(({ labels, endsAt }) => [labels['layer_name'], Date.parse(endsAt) > NOW_MS]),
  ).toEqual([
    ['lasts', true],
    ['ends', false],
  ]);
  await until('the other process told it', () => before.posts.flat().length > 1);
  const first = before.posts.flat().find(({ labels }) => labels['layer_name'] === 'lasts');
  expect({ ...told[0], endsAt: '' }).toEqual({ ...first, endsAt: '' });
  after.sink.restore([]);
  await until('what lasted is ended', () => after.posts.flat().length === 3);
});

it('asks whether Alertmanager is there, before there is anything to tell', async () => {
  const made = bench(10, 50);
  made.answer = () => new Error('connection refused');
  made.sink.start();
  await until('it is asked', () => made.failures.length > 0);
  expect(made.failures[0]).toBe('connection refused');
  made.answer = () => undefined;
  await until('it is asked again', () => made.posts.length > 0);
  expect(made.posts[0]).toEqual([]);
  made.nowMs += 50;
  await until('and again', () => made.posts.length > 1);
});
