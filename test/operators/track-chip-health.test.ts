import { expect, it } from 'vitest';
import chipHealth from '../../pipelines/chip-health.ts';
import type { DerivedRecord } from '../../src/component/derived-record.ts';
import type { LogEvent } from '../../src/component/log-event.ts';
import type { HealthFrame } from '../../src/frames/health.ts';
import { MetricStore } from '../../src/sinks/prometheus/metric-store.ts';
import { PipelineRun } from '../../src/topology/pipeline-run.ts';
import { StateRegistry } from '../../src/topology/state-registry.ts';

/** The pipeline with all that comes out of it. */
function chips(chipsMax = 4096) {
  const store = new MetricStore();
  const derived: DerivedRecord[] = [];
  const lines: LogEvent[] = [];
  const events: Record<string, number> = {};
  const run = new PipelineRun({
    pipelines: [chipHealth],
    options: new Map([['chip-health', { chips_max: chipsMax }]]),
    define: store,
    states: new StateRegistry(),
    count: (event, count) => {
      events[event] = (events[event] ?? 0) + count;
    },
    sinks: {
      derived: (record) => derived.push(record),
      log: { isEnabled: () => true, write: (event) => lines.push(event) },
      derivedLog: () => false,
      spans: undefined,
    },
    onRecord: () => {},
    onFailure: (_, error) => {
      throw error;
    },
  });
  let t0Us = 0;
  const frame = (chip: string, more: Partial<HealthFrame>): void => {
    const [deviceType = '', chipId = ''] = chip.split('/');
    const header = { deviceType, chipId, t0Us: ++t0Us, spanUs: 0, seq: undefined, restarts: 0 };
    const rest = { runId: undefined, emitter: 'e', arrivedUs: 0, temperatureC: undefined };
    const health = { status: 'ok', text: undefined, forgotten: undefined } as const;
    run.next({ kind: 'health', ...header, ...rest, ...health, ...more });
  };
  return {
    ...{ derived, lines, events },
    /** The chip's own word. */
    says: (chip: string, status: HealthFrame['status'], more: Partial<HealthFrame> = {}) =>
      frame(chip, { status, ...more }),
    /** What the monitor finds. */
    found: (chip: string, status: 'ok' | 'down', text: string, forgotten?: true) =>
      frame(chip, { status, text, forgotten, emitter: 'spikescope' }),
    metrics: () => {
      const lines = store.families().flatMap((family) => {
        return family.shown().map((series) => series.lines(family.name).trim());
      });
      return Object.fromEntries(
        lines
          .filter((line) => line !== '')
          .map((line) => {
            const at = line.lastIndexOf(' ');
            return [
              line.slice(0, at).replace(/^neuromorphic_chip_/, ''),
              Number(line.slice(at + 1)),
            ];
          }),
      );
    },
  };
}

const A = '{device_type="loihi2",chip_id="a"}';
const B = '{device_type="loihi2",chip_id="b"}';

it('counts ok and degraded as connected, down as not', () => {
  const at = chips();
  for (const [status, value] of [
    ['ok', 1],
    ['degraded', 1],
    ['down', 0],
    ['degraded', 1],
  ] as const) {
    at.says('loihi2/a', status);
    expect(at.metrics()).toEqual({ [`health_status${A}`]: value, loihi2_health_status: value });
  }
});

it('holds a chip for gone as long as the monitor says so, whatever it says itself', () => {
  const at = chips();
  at.says('loihi2/a', 'ok');
  at.found('loihi2/a', 'ok', 'first seen');
  at.found('loihi2/a', 'down', 'did not answer');
  at.says('loihi2/a', 'ok');
  expect(at.metrics()[`health_status${A}`]).toBe(0);
  at.found('loihi2/a', 'ok', 'connected again');
  expect(at.metrics()[`health_status${A}`]).toBe(1);
  at.says('loihi2/a', 'down');
  at.found('loihi2/a', 'down', 'silent for 60 s');
  at.found('loihi2/a', 'ok', 'connected again');
  expect(at.metrics()[`health_status${A}`]).toBe(0);
});

it('has a kind connected when every known chip of it is, and not at all when none is known', () => {
  const at = chips();
  expect(at.metrics()).toEqual({});
  at.found('cpu/0', 'ok', 'first seen');
  expect(at.metrics()).toEqual({ 'health_status{device_type="cpu",chip_id="0"}': 1 });
  at.found('loihi2/a', 'ok', 'first seen');
  at.found('loihi2/b', 'down', 'not seen yet');
  expect(at.metrics()['loihi2_health_status']).toBe(0);
  at.says('loihi2/b', 'ok');
  at.found('loihi2/b', 'ok', 'first seen');
  expect(at.metrics()['loihi2_health_status']).toBe(1);
  at.found('loihi2/a', 'down', 'silent for 60 s');
  expect(at.metrics()['loihi2_health_status']).toBe(0);
  at.found('loihi2/a', 'down', 'no frame for 300 s', true);
  expect(at.metrics()['loihi2_health_status']).toBe(1);
  expect(at.metrics()).not.toHaveProperty([`health_status${A}`]);
  expect(at.metrics()[`health_status${B}`]).toBe(1);
  at.found('loihi2/b', 'down', 'no frame for 300 s', true);
  expect(at.metrics()).not.toHaveProperty('loihi2_health_status');
  expect(at.metrics()).not.toHaveProperty('spinnaker_health_status');
  at.says('loihi2/b', 'ok');
  expect(at.metrics()['loihi2_health_status']).toBe(1);
});

it('derives a record at first sight, at each transition, and at the end', () => {
  const at = chips();
  at.found('loihi2/a', 'ok', 'first seen');
  at.says('loihi2/a', 'ok');
  at.says('loihi2/a', 'ok', { temperatureC: 40 });
  at.says('loihi2/a', 'degraded', { text: 'warm', temperatureC: 70 });
  at.says('loihi2/a', 'degraded', { text: 'warmer', temperatureC: 71 });
  at.says('loihi2/a', 'down', { text: 'too warm' });
  at.says('loihi2/a', 'down', { text: 'still too warm' });
  at.found('loihi2/a', 'down', 'did not answer');
  at.says('loihi2/a', 'ok');
  at.found('loihi2/a', 'ok', 'connected again');
  at.found('loihi2/a', 'down', 'no frame for 300 s', true);
  at.found('loihi2/a', 'down', 'no frame for 300 s', true);
  expect(at.derived.every(({ record, key }) => `${record} ${key}` === 'chip-health loihi2,a')).toBe(
    true,
  );
  expect(
    at.derived.map(({ t0Us, fields: { event, connected, status, reason } }) => {
      return [t0Us, event, connected, status, reason].join(' | ');
    }),
  ).toEqual([
    '1 | first_seen | true | ok | first seen',
    '4 | status | true | degraded | warm',
    '6 | disconnected | false | down | says down: too warm',
    '10 | connected | true | ok | connected again',
    '11 | forgotten | false | down | no frame for 300 s',
  ]);
});

it('says of a chip that is back what is wrong with it, and no word twice', () => {
  const at = chips();
  at.found('loihi2/a', 'down', 'did not answer');
  at.says('loihi2/a', 'degraded', { text: 'fan 2 stopped' });
  at.found('loihi2/a', 'ok', 'connected again');
  at.found('loihi2/a', 'down', 'did not answer');
  at.says('loihi2/a', 'ok', { text: 'all well' });
  at.found('loihi2/a', 'ok', 'connected again');
  const back = at.lines.filter(({ eventType }) => eventType === 'hardware_connected');
  expect(back.map(({ message }) => message)).toEqual([
    'loihi2/a is connected again: fan 2 stopped',
    'loihi2/a is connected again',
  ]);
});

it('has the temperature of a chip that tells it, and lets it go with the chip', () => {
  const at = chips();
  at.says('loihi2/a', 'ok', { temperatureC: 40.5 });
  at.says('loihi2/a', 'ok', { temperatureC: 41 });
  at.says('loihi2/a', 'ok');
  expect(at.metrics()[`temperature_celsius${A}`]).toBe(41);
  at.found('loihi2/a', 'down', 'no frame for 300 s', true);
  expect(at.metrics()).toEqual({});
});

it('logs a disconnection as a hardware error, and what follows as information', () => {
  const at = chips();
  at.found('loihi2/a', 'ok', 'first seen');
  at.found('loihi2/a', 'down', 'did not answer');
  at.found('loihi2/a', 'ok', 'connected again');
  expect(at.lines.map(({ level, eventType }) => `${level} ${eventType}`)).toEqual([
    'INFO hardware_first_seen',
    'ERROR hardware_error',
    'INFO hardware_connected',
  ]);
  expect(at.lines[1]).toEqual({
    level: 'ERROR',
    logger: 'spikeformer.neuromorphic',
    eventType: 'hardware_error',
    message: 'loihi2/a is disconnected: did not answer',
    timeUs: 2,
    origin: { module: 'chip-health', function: 'writeLog', line: expect.any(Number) },
    fields: {
      hardware_type: 'loihi2',
      chip_id: 'a',
      status: 'down',
      reason: 'did not answer',
      error_message: 'did not answer',
      requires_attention: true,
    },
  });
});

it('warns of a configured chip not seen, which is an error when its time is up', () => {
  const at = chips();
  at.found('loihi2/a', 'down', 'not seen yet');
  at.found('loihi2/a', 'down', 'silent for 60 s');
  at.found('loihi2/a', 'down', 'silent for 60 s');
  expect(at.lines.map(({ level, message }) => `${level} ${message}`)).toEqual([
    'WARNING loihi2/a is known: not seen yet',
    'ERROR loihi2/a is disconnected: silent for 60 s',
  ]);
});

it('takes a first word that says down for an error', () => {
  const at = chips();
  at.says('spinnaker/0-0', 'down');
  expect(at.lines.map(({ level, message }) => `${level} ${message}`)).toEqual([
    'ERROR spinnaker/0-0 is disconnected: says that it is down',
  ]);
  expect(at.metrics()['spinnaker_health_status']).toBe(0);
});

it('remembers a bounded number of chips, and makes room for others', () => {
  const at = chips(2);
  for (const name of ['a', 'b', 'c']) at.says(`cpu/${name}`, 'ok');
  expect(at.events).toEqual({ chips_refused: 1 });
  at.found('cpu/a', 'down', 'no frame for 300 s', true);
  at.says('cpu/c', 'ok');
  expect(Object.keys(at.metrics())).toEqual([
    'health_status{device_type="cpu",chip_id="b"}',
    'health_status{device_type="cpu",chip_id="c"}',
  ]);
});

it('does not bring back a chip that it does not know by forgetting it', () => {
  const at = chips();
  at.found('loihi2/a', 'down', 'no frame for 300 s', true);
  expect([at.derived, at.lines, at.metrics()]).toEqual([[], [], {}]);
});

it('lets no emitter but the monitor forget a chip', () => {
  const at = chips();
  at.says('loihi2/a', 'ok');
  at.says('loihi2/a', 'ok', { forgotten: true });
  expect(at.metrics()['loihi2_health_status']).toBe(1);
});
