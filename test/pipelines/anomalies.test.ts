import { expect, test } from 'vitest';
import anomalies from '../../pipelines/anomalies.ts';
import type { Frame } from '../../src/frames/frame.ts';
import type { LogFrame } from '../../src/frames/log.ts';
import { Simulation } from '../../src/simulation/simulation.ts';
import { runPipeline } from './run-pipeline.ts';

const S = 1_000_000;

/** Ten seconds in which core 6 of chip 1, of layer mlp2, sticks from 5 s to 8 s or so. */
function stuckCore(): Frame[] {
  const all = { scenario: 'stuck-core', seed: 127, startUs: 0, durationUs: 10 * S };
  return [...new Simulation(all).frames(100_000)];
}

function line(eventType: string, t0Us: number, more: Partial<LogFrame> = {}): LogFrame {
  return {
    kind: 'log',
    ...{ deviceType: 'loihi2', chipId: '1', t0Us, spanUs: 0, seq: undefined, runId: undefined },
    ...{ emitter: undefined, arrivedUs: Number.NaN, restarts: 0, level: 'INFO' },
    ...{ text: 'a new board', line: undefined, eventType, names: new Map([['user_id', 'ada']]) },
    ...{ errorMessage: undefined, requiresAttention: undefined },
    ...{ spikeCount: undefined, timestep: undefined, spikeRate: undefined },
    ...more,
  };
}

const ofSeverity = (severity: string) =>
  `neuromorphic_anomalies_total{detector="core",severity="${severity}"}`;

const before = (us: number) => stuckCore().filter(({ t0Us }) => t0Us < us);
const after = (us: number) => stuckCore().filter(({ t0Us }) => t0Us >= us);

test('an incident is a record, a count, a gauge and two log lines', async () => {
  const { derived, logged, send, metrics } = runPipeline(anomalies);
  send(...before(6 * S));
  expect((await metrics()).value('neuromorphic_anomalies_open')).toBe(1);
  send(...after(6 * S));
  expect(derived.map(({ root, record, key }) => [root, record, key])).toEqual([
    ['anomaly', 'anomaly', ['core', 'loihi2', '1', 'mlp2']],
    ['anomaly', 'anomaly', ['core', 'loihi2', '1', 'mlp2']],
  ]);
  const [opened, closed] = derived.map(({ fields }) => fields);
  expect(opened).toMatchObject({ event: 'opened', core_id: 6, severity: 'critical' });
  expect(opened?.['muted']).toBeUndefined();
  expect(closed).toMatchObject({ event: 'closed', incident_id: opened?.['incident_id'] });
  expect(closed?.['ended_us']).toBeGreaterThan(opened?.['started_us'] as number);
  expect(logged.map(({ level, eventType }) => [level, eventType])).toEqual([
    ['ERROR', 'anomaly_opened'],
    ['INFO', 'anomaly_closed'],
  ]);
  expect(logged[0]?.fields).toMatchObject({ requires_attention: true, chip_id: '1' });
  const shown = await metrics();
  expect(shown.value(ofSeverity('critical'))).toBe(1);
  expect(shown.value('neuromorphic_anomalies_open')).toBe(0);
});

test('muted, it is counted and recorded, and pages nobody', async () => {
  const { derived, logged, send, metrics } = runPipeline(anomalies);
  send(...before(2 * S), line('mute', 99 * S, { durationUs: 600 * S }), ...after(2 * S));
  const [mute, opened, closed] = derived;
  expect(mute).toMatchObject({ record: 'mute', key: ['loihi2', '1'], t0Us: 2 * S });
  expect(mute?.fields).toMatchObject({ event: 'muted', reason: 'a new board', user_id: 'ada' });
  // By the time of the chip, which is at 2 s; the clock of who asked for it says nothing.
  expect(mute?.fields['until_us']).toBe(602 * S);
  expect(opened?.fields).toMatchObject({ event: 'opened', muted: true, severity: 'critical' });
  expect(closed?.fields).toMatchObject({ event: 'closed', muted: true });
  expect(logged.map(({ level }) => level)).toEqual(['INFO', 'INFO', 'INFO']);
  expect(logged.some(({ fields }) => fields?.['requires_attention'] === true)).toBe(false);
  const shown = await metrics();
  const counts = ['muted', 'critical'].map((severity) => shown.value(ofSeverity(severity)));
  expect(counts).toEqual([1, undefined]);
});

test('what goes on after its mute is told as new', async () => {
  const { derived, logged, send, metrics } = runPipeline(anomalies);
  send(...before(2 * S), line('mute', 0, { durationUs: 4 * S }));
  const rest = after(2 * S).filter(({ t0Us }) => t0Us < 6.5 * S);
  send(...rest);
  const events = derived.map(({ fields }) => fields['event']);
  expect(events).toEqual(['muted', 'opened', 'expired', 'ongoing']);
  expect(derived[3]?.fields['muted']).toBeUndefined();
  expect(logged.at(-1)).toMatchObject({ level: 'ERROR', eventType: 'anomaly_unmuted' });
  const shown = await metrics();
  expect(shown.value(ofSeverity('critical'))).toBe(1);
  expect(shown.value('neuromorphic_anomalies_open')).toBe(1);
});

test('a mute is taken back, is of its own place only, and there are only so many', () => {
  const { derived, send } = runPipeline(anomalies, { mutes_max: 1 });
  const layer = new Map([['layer_name', 'attention']]);
  send(...before(2 * S), line('mute', 0, { durationUs: 60 * S, names: layer }));
  // One more is refused; the same one again is not.
  send(line('mute', 0, { chipId: '7' }), line('mute', 0, { durationUs: 90 * S, names: layer }));
  send(...after(2 * S).filter(({ t0Us }) => t0Us < 6 * S), line('unmute', 0, { names: layer }));
  expect(derived.map(({ record, fields }) => [record, fields['event'], fields['muted']])).toEqual([
    ['mute', 'muted', undefined],
    ['mute', 'muted', undefined],
    ['anomaly', 'opened', undefined],
    ['mute', 'unmuted', undefined],
  ]);
});
