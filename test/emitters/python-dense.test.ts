import { unpack } from 'msgpackr';
import { afterAll, expect, test } from 'vitest';
import { spikesFrame } from '../../src/emitter/frame-builders.ts';
import { encodeFrame } from '../../src/emitter/frame-message.ts';
import { FrameDecoder } from '../../src/frames/decode.ts';
import { seededRandom } from '../frames/valid-fields.ts';
import { PythonHost } from './python-host.ts';

const host = new PythonHost();
afterAll(() => host.end());

interface Case {
  readonly ids: readonly number[];
  readonly dt: readonly number[];
  readonly span_us: number;
  readonly neuron_count: number;
  readonly timestep_us?: number;
}

/** Frames of which some fit each form, and some none. */
function cases(count: number): Case[] {
  const random = seededRandom(12);
  const below = (end: number) => Math.floor(random() * end);
  return Array.from({ length: count }, () => {
    const spikes = below(300);
    const spanUs = 1 + below(random() < 0.5 ? 60_000 : 400_000);
    const stepUs = [1, 10, 1000, 20_000][below(4)] as number;
    const neurons = [1, 300, 65_536, 65_537][below(4)] as number;
    const isOnSteps = random() < 0.7;
    const dt = Array.from({ length: spikes }, () => {
      const us = below(spanUs);
      return isOnSteps ? Math.floor(us / stepUs) * stepUs : us;
    });
    if (random() < 0.8) dt.sort((a, b) => a - b);
    return {
      ...{ ids: dt.map(() => below(neurons)), dt, span_us: spanUs, neuron_count: neurons },
      ...(random() < 0.8 && { timestep_us: stepUs }),
    };
  });
}

const COLUMNS = ['neuron_id', 'neuron_id_u16', 'dt', 'dt_u16', 'step_spikes'];

/** The columns on the wire, in hex. */
function columnsOf(data: Uint8Array): Record<string, string> {
  const fields = unpack(data) as Record<string, Uint8Array>;
  const found = COLUMNS.filter((name) => name in fields);
  return Object.fromEntries(
    found.map((name) => [name, Buffer.from(fields[name] as Uint8Array).toString('hex')]),
  );
}

test('both emitters choose the same columns, of what was recorded, to the byte', async () => {
  const all = cases(300);
  const made = await host.call<readonly string[]>('dense', { cases: all });
  const forms = new Set<string>();
  for (const [i, each] of all.entries()) {
    const data = Buffer.from(made[i] as string, 'base64');
    const frame = spikesFrame({
      ...{ deviceType: 'cpu', chipId: '0', t0Us: 0, spanUs: each.span_us, layerName: 'l' },
      ...{ neuronCount: each.neuron_count, timestepUs: each.timestep_us },
      ...{ neuronId: each.ids, dtUs: each.dt },
    });
    const columns = columnsOf(data);
    expect(columns, `case ${i}`).toEqual(columnsOf(encodeFrame(frame, 'msgpack', true)));
    const read = new FrameDecoder().decode(data);
    if (read.kind !== 'spikes') throw new Error(read.kind);
    expect([...read.neuronId], `case ${i}`).toEqual(each.ids);
    expect([...read.dtUs], `case ${i}`).toEqual(each.dt);
    forms.add(Object.keys(columns).join());
  }
  // All six ways of saying it.
  expect(forms.size).toBe(6);
});
