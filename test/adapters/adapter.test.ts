import { describe, expect, it, test } from 'vitest';
import { adapterOptions } from '../../src/adapters/adapter-options.ts';
import { FRAME_LIMITS } from '../../src/frames/limits.ts';
import type { MembraneFrame } from '../../src/frames/membrane.ts';
import type { SpikesFrame } from '../../src/frames/spikes.ts';
import { adapterOf, outcomeOf, PLAIN_ADAPTER, readerOf } from './adapter-under-test.ts';

interface Spike {
  readonly layer?: unknown;
  readonly neuron?: unknown;
  readonly t?: unknown;
  readonly mv?: unknown;
}

const T = 1_700_000_000_000_000;
const SPIKE: Spike = { layer: 'L1', neuron: 3, t: T };

function outcome(objects: unknown, options: Record<string, unknown> = {}, limits = FRAME_LIMITS) {
  const text = typeof objects === 'string' ? objects : JSON.stringify(objects);
  const read = readerOf(adapterOf(options, limits));
  const first = outcomeOf(read, Buffer.from(text));
  // Read once, it is read in another way the next time: with the same outcome.
  expect(outcomeOf(read, Buffer.from(text))).toEqual(first);
  return first as (SpikesFrame | MembraneFrame)[] & { readonly message: string };
}

it('makes frames of spikes of listed layers, and of membrane where potentials came', () => {
  const frames = outcome([
    { layer: 'L2', neuron: 107, t: T + 5, mv: -55.5 },
    { layer: 'L1', neuron: 0, t: T + 2 },
    { layer: 'L2', neuron: 8, t: T, mv: 20 },
  ]);
  const header = { deviceType: 'cpu', chipId: '7', t0Us: T, restarts: 0 };
  const spikes = { ...header, kind: 'spikes', spanUs: 6 };
  expect(frames).toEqual([
    expect.objectContaining({ ...spikes, layerName: 'L1', neuronCount: 8, neuronType: 'lif' }),
    expect.objectContaining({ ...spikes, layerName: 'L2', neuronCount: 100, neuronType: 'alif' }),
    expect.objectContaining({ ...header, kind: 'membrane', layerName: 'L2', spanUs: 6 }),
  ]);
  expect(frames[0]).toMatchObject({ neuronId: [0], dtUs: [2], neuronOffset: 0 });
  expect(frames[1]).toMatchObject({ neuronId: [99, 0], dtUs: [5, 0], neuronOffset: 8 });
  expect(frames[2]).toMatchObject({ neuronId: [99, 0], dtUs: [0], values: [-55.5, 20] });
  expect(frames[2]).toMatchObject({ unit: 'mV', neuronOffset: 8 });
});

it('says nothing of silent layers where it is told so, and takes any layer where it may', () => {
  const options = { neuron_count: 50, silent_layers: 'unknown' };
  const objects = ['b', 'L2', 'a', 'b', 7].map((layer, i) => ({ layer, neuron: 40, t: T + i }));
  const frames = outcome(objects, options);
  expect(frames.map((frame) => frame.layerName)).toEqual(['L2', 'b', 'a', '7']);
  expect(frames[1]).toMatchObject({ neuronCount: 50, neuronType: 'lif', dtUs: [0, 3] });
});

test('the time that a message covers is that of its spikes, or of whole pieces', () => {
  const objects = [SPIKE, { ...SPIKE, t: T + 12_345 }];
  expect(outcome(objects)[0]).toMatchObject({ t0Us: T, spanUs: 12_346 });
  const grid = outcome(objects, { span: '10ms' });
  expect(grid[0]).toMatchObject({ t0Us: T, spanUs: 20_000, dtUs: [0, 12_345] });
  const late = outcome([{ ...SPIKE, t: T + 12_345 }], { span: '10ms' });
  expect(late[0]).toMatchObject({ t0Us: T + 10_000, spanUs: 10_000, dtUs: [2345] });
});

test('potentials of a layer are told as of one time within a step, in the order of time', () => {
  const objects = [9000, 0, 25_000, 9999, 10_000].map((dt, i) => {
    return { ...SPIKE, neuron: i, t: T + dt, mv: i };
  });
  const membrane = outcome(objects).filter((frame) => frame.kind === 'membrane');
  expect(membrane).toHaveLength(3);
  expect(membrane[0]).toMatchObject({ t0Us: T, spanUs: 10_000, neuronId: [1, 0, 3] });
  expect(membrane[1]).toMatchObject({ t0Us: T + 10_000, spanUs: 1, values: [4] });
  expect(membrane[2]).toMatchObject({ t0Us: T + 25_000, spanUs: 1, dtUs: [0], values: [2] });
  expect(outcome(objects, { membrane_step: '1s' }).at(-1)).toMatchObject({
    ...{ t0Us: T, spanUs: 25_001, neuronId: [0, 1, 2, 3, 4], dtUs: [0] },
  });
});

test.each([
  ['s', 1_700_000_000.000123, 123],
  ['ms', 1_700_000_000_000.25, 250],
  ['us', 1_700_000_000_000_000.8, 1],
  ['ns', 1.7e18 + 1280, 1],
])('times in %s are rounded to whole µs', (time_unit, t, after) => {
  expect(outcome([{ ...SPIKE, t }], { time_unit })[0]).toMatchObject({ t0Us: T + after });
});

test('one object, lines of objects, and none at all', () => {
  expect(outcome(SPIKE)[0]).toMatchObject({ neuronId: [3] });
  const lines = `${JSON.stringify(SPIKE)}\r\n\n  ${JSON.stringify({ ...SPIKE, neuron: 4 })}\n`;
  expect(outcome(lines, { format: 'ndjson' })[0]).toMatchObject({ neuronId: [3, 4] });
  expect(outcome([])).toEqual([]);
  expect(outcome('\n', { format: 'ndjson' })).toEqual([]);
});

describe('one bad object refuses the message, and says which and why', () => {
  test.each<[unknown, string]>([
    [{ neuron: 3, t: T }, '[1].layer: is needed and absent'],
    [{ ...SPIKE, layer: 'L3' }, '[1].layer: "L3" is none of the 2 layers of the adapter'],
    [{ ...SPIKE, layer: [] }, '[1].layer: needs a string, got a list of 0'],
    [{ ...SPIKE, neuron: 8 }, '[1].neuron: 8 is not within 0 … 7 of layer "L1"'],
    [{ ...SPIKE, layer: 'L2', neuron: 7 }, '[1].neuron: 7 is not within 8 … 107 of layer "L2"'],
    [{ ...SPIKE, neuron: 1.5 }, '[1].neuron: needs a whole number, got 1.5'],
    [{ ...SPIKE, neuron: '3' }, '[1].neuron: needs a number, got "3"'],
    [{ ...SPIKE, t: null }, '[1].t: is needed and absent'],
    [{ ...SPIKE, t: -1 }, '[1].t: -1 us is not within 0 … 2^53 - 2 µs'],
    [{ ...SPIKE, t: 1e16 }, '[1].t: 10000000000000000 us is not within'],
    [{ ...SPIKE, mv: 'high' }, '[1].mv: needs a number, got "high"'],
    [{ ...SPIKE, mv: 1e39 }, '[1].mv: 1e+39 is beyond single precision'],
    [{ ...SPIKE, t: T + 61_000_000 }, 't: from 1700000000000000 to 1700000061000000 µs; a message'],
    [7, '[1]: needs an object, got 7'],
    [null, '[1]: needs an object, got null'],
  ])('%j', (object, message) => {
    expect(outcome([SPIKE, object]).message).toContain(message);
  });

  test('and so do a message that is no JSON, and one that is too large', () => {
    expect(outcome('[{]').message).toContain('payload: is not JSON');
    expect(outcome('"a"').message).toBe('payload: is neither an array of objects nor an object');
    const lines = `${JSON.stringify(SPIKE)}\nx\n`;
    expect(outcome(lines, { format: 'ndjson' }).message).toContain('payload: line 2 is not JSON');
    const few = { ...FRAME_LIMITS, samplesMax: 2, payloadBytesMax: 200 };
    expect(outcome([SPIKE, SPIKE, SPIKE], {}, few).message).toBe('payload: 3 objects, at most 2');
    expect(outcome([SPIKE, SPIKE, SPIKE, SPIKE, SPIKE], {}, few).message).toContain('at most 200');
    const name = { ...SPIKE, layer: 'x'.repeat(129) };
    expect(outcome([name], { neuron_count: 9 }).message).toContain('129 characters, at most 128');
  });
});

test('names of device and chip come from tokens of the subject, where they can be names', () => {
  const adapter = adapterOf({ subjects: ['lab.*.*.>'], device_type: '{2}', chip_id: '{4}' });
  expect(adapter.subjectOf('lab.loihi2.x.c-1.y')).toMatchObject({
    ...{ deviceType: 'loihi2', chipId: 'c-1' },
  });
  expect(() => adapter.subjectOf('lab.loihi2.x.c:1')).toThrow('token 4 of "lab.loihi2.x.c:1"');
});

describe('what can not work is refused before the first message', () => {
  test.each<[Record<string, unknown>, string]>([
    [{ subjects: ['*.spikes'] }, 'not in front'],
    [{ subjects: ['lab..x'] }, 'needs a subject of NATS'],
    [{ subjects: ['lab.>.x'] }, 'needs a subject of NATS'],
    [{ chip_id: '{4}' }, 'chip_id is {4}, and lab.spikes.* has no such token'],
    [{ chip_id: 'a.b' }, 'or {n} for the nth token'],
    [{ layers: [] }, 'needs layers, or neuron_count'],
    [{ layers: [PLAIN_ADAPTER.layers[0], PLAIN_ADAPTER.layers[0]] }, 'layers has L1 twice'],
    [{ fields: { ...PLAIN_ADAPTER.fields, time: 'neuron' } }, 'a name of its own for each'],
    [{ format: 'csv' }, 'json-objects'],
    [{ time_unit: 'min' }, 'time_unit'],
    [{ span: '2m' }, 'span'],
  ])('%j', (options, message) => {
    const made = adapterOptions.safeParse([{ ...PLAIN_ADAPTER, ...options }]);
    expect(JSON.stringify(made.error?.issues)).toContain(message);
  });

  test('and so are two that read the same subject, or have one name', () => {
    const two = (name: string, subject: string) =>
      JSON.stringify(
        adapterOptions.safeParse([
          PLAIN_ADAPTER,
          { ...PLAIN_ADAPTER, name, subjects: [subject], chip_id: '0' },
        ]).error?.issues,
      );
    expect(two('lab', 'other')).toContain('has lab twice');
    expect(two('b', 'lab.>')).toContain(
      'lab.spikes.* of lab and lab.> of b have subjects in common',
    );
    expect(two('b', 'lab.spikes')).toBeUndefined();
  });
});
