import fc from 'fast-check';
import { afterAll, expect, it, test } from 'vitest';
import { ColumnReader } from '../../src/frames/columns.ts';
import { FrameDecoder } from '../../src/frames/decode.ts';
import { FrameError } from '../../src/frames/frame-error.ts';
import { FRAME_LIMITS } from '../../src/frames/limits.ts';
import { MsgpackShapes } from '../../src/frames/msgpack-shapes.ts';
import { areOrdered } from '../../src/frames/spikes.ts';
import { parseSubject } from '../../src/frames/subject.ts';
import { giveArena, takeArena } from '../../src/kernels/memory.ts';

const SUBJECT = parseSubject('spikeformer', 'spikeformer.spikes.cpu.0');

/** What a decoder makes of a message: the frame with all its columns, or the error. */
function outcome(decoder: FrameDecoder, bytes: Uint8Array): unknown {
  try {
    const frame = decoder.decode(bytes, SUBJECT, undefined);
    if (frame.kind !== 'spikes') return structuredClone(frame);
    const { neuronId, dtUs, dense, trace: _, place: __, ...rest } = frame;
    const columns = { neuronId: [...neuronId], dtUs: [...dtUs] };
    return { ...rest, ...columns, isDense: dense !== undefined, isOrdered: areOrdered(frame) };
  } catch (error) {
    if (!(error instanceof FrameError)) throw error;
    return { reason: error.reason, field: error.field, message: error.message };
  }
}

/** A number in one of the forms that msgpack has for it. */
function packNumber(value: number, form: number): Uint8Array {
  const bytes = Buffer.alloc(9);
  const whole = Number.isSafeInteger(value) && value >= 0;
  if (form === 0 && whole && value < 128) return Uint8Array.of(value);
  if (form <= 1 && whole && value < 256) return Uint8Array.of(0xcc, value);
  if (form <= 2 && whole && value < 65_536) return Uint8Array.of(0xcd, value >> 8, value & 255);
  if (form <= 3 && whole && value < 2 ** 32) {
    bytes[0] = 0xce;
    bytes.writeUInt32BE(value, 1);
    return bytes.subarray(0, 5);
  }
  if (form <= 5 && Number.isSafeInteger(value)) {
    bytes[0] = form === 4 && value >= 0 ? 0xcf : 0xd3;
    bytes.writeBigInt64BE(BigInt(value), 1);
    return bytes;
  }
  bytes[0] = 0xcb;
  bytes.writeDoubleBE(value, 1);
  return bytes;
}

function packText(text: string, isLong: boolean): Uint8Array {
  const bytes = Buffer.from(text);
  const head = isLong || bytes.length > 31 ? [0xd9, bytes.length] : [0xa0 | bytes.length];
  return Buffer.concat([Uint8Array.from(head), bytes]);
}

function packBin(bytes: Uint8Array, form: number): Uint8Array {
  const { length } = bytes;
  if (form === 0 && length < 256) return Buffer.concat([Uint8Array.of(0xc4, length), bytes]);
  const head = Buffer.from([0xc6, 0, 0, length >> 8, length & 255]);
  const short = Buffer.from([0xc5, length >> 8, length & 255]);
  return Buffer.concat([form === 1 ? short : head, bytes]);
}

/** Mostly fine, so that shapes are learned and used. */
const mostly = <T>(usual: fc.Arbitrary<T>, odd: fc.Arbitrary<T>) =>
  fc.oneof({ weight: 12, arbitrary: usual }, { weight: 1, arbitrary: odd });
const SAFE = Number.MAX_SAFE_INTEGER;
const whole = (max: number) => fc.oneof(fc.nat(9), fc.nat(max), fc.constant(max));
const numberOf = (max: number) =>
  fc.tuple(
    mostly(whole(max), fc.constantFrom(-1, 0.5, SAFE, SAFE + 1, Number.NaN, 2 ** 60, 127, 128)),
    mostly(fc.constant(4), fc.nat(6)),
  );
const spikes = fc.array(fc.tuple(mostly(fc.nat(7), fc.nat(9)), mostly(fc.nat(99), fc.nat(101))), {
  maxLength: 70,
});

const member = fc.record({
  t0: numberOf(1e15),
  span: mostly(fc.constant([100, 2] as [number, number]), numberOf(200)),
  seq: fc.option(numberOf(1e9), { nil: undefined }),
  timestep0: fc.option(numberOf(200), { nil: undefined }),
  extra: fc.option(numberOf(1e6), { nil: undefined }),
  layer: mostly(fc.constantFrom('L1', 'L2', 'L10', 'L', 'é'), fc.string({ maxLength: 4 })),
  neurons: mostly(fc.constant<number>(8), fc.constantFrom<number>(0, 1, 300)),
  spikes,
  isSorted: fc.boolean(),
  form: mostly(
    fc.constant<string>('u32'),
    fc.constantFrom<string>('ids16', 'dt16', 'both16', 'steps', 'twice'),
  ),
  bin: mostly(fc.constant(1), fc.nat(2)),
  cut: mostly(fc.constant(0), fc.nat(5)),
  isLongName: mostly(fc.constant(false), fc.boolean()),
  isColumnsFirst: mostly(fc.constant(false), fc.boolean()),
});
type Member = typeof member extends fc.Arbitrary<infer T> ? T : never;

function columnsOf({ spikes: list, isSorted, form, bin, cut }: Member): [string, Uint8Array][] {
  const times = list.map(([, dt]) => dt);
  if (isSorted) times.sort((a, b) => a - b);
  const ids = list.map(([id]) => id);
  const bytes = (column: Uint16Array | Uint32Array) =>
    packBin(new Uint8Array(column.buffer, 0, Math.max(0, column.byteLength - cut)), bin);
  const columns: [string, Uint8Array][] = [];
  const hasIds16 = form === 'ids16' || form === 'both16' || form === 'twice';
  if (hasIds16) columns.push(['neuron_id_u16', bytes(Uint16Array.from(ids))]);
  if (!hasIds16 || form === 'twice') columns.push(['neuron_id', bytes(Uint32Array.from(ids))]);
  if (form === 'steps') {
    const steps = new Uint16Array(1).fill(list.length);
    columns.push(['step_spikes', packBin(new Uint8Array(steps.buffer), bin)]);
  } else if (form === 'dt16' || form === 'both16') {
    columns.push(['dt_u16', bytes(Uint16Array.from(times))]);
  } else {
    columns.push(['dt', bytes(Uint32Array.from(times))]);
  }
  return columns;
}

function messageOf(made: Member): Uint8Array {
  const text = (value: string) => packText(value, false);
  const fields: [string, Uint8Array][] = [
    ['v', Uint8Array.of(1)],
    ['kind', text('spikes')],
    ['device_type', text('cpu')],
    ['chip_id', text('0')],
    ['t0', packNumber(...made.t0)],
    ['span_us', packNumber(...made.span)],
    ['layer_name', text(made.layer)],
    ['neuron_count', packNumber(made.neurons, made.neurons > 127 ? 2 : 0)],
  ];
  if (made.seq !== undefined) fields.push(['seq', packNumber(...made.seq)]);
  if (made.timestep0 !== undefined) fields.push(['timestep0', packNumber(...made.timestep0)]);
  if (made.extra !== undefined) fields.push(['extra', packNumber(...made.extra)]);
  const columns = columnsOf(made);
  if (made.isColumnsFirst) fields.unshift(...columns);
  else fields.push(...columns);
  const head = fields.length < 16 ? [0x80 | fields.length] : [0xde, 0, fields.length];
  const parts = fields.flatMap(([name, value]) => [packText(name, made.isLongName), value]);
  return Buffer.concat([Uint8Array.from(head), ...parts]);
}

const messages = fc.array(
  fc.tuple(
    member,
    // A byte that is put in, taken out or changed, somewhere.
    fc.option(fc.record({ at: fc.nat(400), what: fc.nat(2), byte: fc.nat(255) }), {
      freq: 5,
      nil: undefined,
    }),
  ),
  { minLength: 1, maxLength: 12 },
);

function damaged(bytes: Uint8Array, damage: { at: number; what: number; byte: number }) {
  const list = [...bytes];
  const at = damage.at % (list.length + 1);
  list.splice(at, damage.what === 0 ? 0 : 1, ...(damage.what === 1 ? [] : [damage.byte]));
  return Uint8Array.from(list);
}

const area = takeArena(8192);
const warm = new FrameDecoder(FRAME_LIMITS, true);
afterAll(() => {
  giveArena(area);
  warm.close();
});

it('gives what the reader gives, with kernels and without, whatever was seen before', () => {
  const plain = new FrameDecoder();
  fc.assert(
    fc.property(messages, fc.nat(7), (list, from) => {
      for (const [made, damage] of list) {
        const whole = messageOf(made);
        const bytes = damage === undefined ? whole : damaged(whole, damage);
        const expected = outcome(new FrameDecoder(), bytes.slice());
        expect(outcome(plain, bytes.slice())).toEqual(expected);
        const there = area.subarray(from, from + bytes.length);
        there.set(bytes);
        expect(outcome(warm, there)).toEqual(expected);
        expect(outcome(warm, bytes.slice())).toEqual(expected);
      }
    }),
    { numRuns: 1500 },
  );
});

const PLAIN: Member = {
  ...{ t0: [1.7e15, 4], span: [100, 2], seq: [7, 3], timestep0: undefined, extra: undefined },
  ...{ layer: 'L1', neurons: 8, spikes: [[3, 7]], isSorted: false, form: 'u32', bin: 1, cut: 0 },
  ...{ isLongName: false, isColumnsFirst: false },
};

function learned(...like: Partial<Member>[]): MsgpackShapes {
  const shapes = new MsgpackShapes(FRAME_LIMITS, new ColumnReader(FRAME_LIMITS.samplesMax));
  for (const each of like) learn(shapes, each);
  return shapes;
}

function learn(shapes: MsgpackShapes, like: Partial<Member>): void {
  const bytes = messageOf({ ...PLAIN, ...like });
  const frame = new FrameDecoder().decode(bytes, SUBJECT, undefined);
  if (frame.kind === 'spikes') shapes.learn(bytes, SUBJECT, frame);
}

const read = (shapes: MsgpackShapes, made: Partial<Member>) =>
  shapes.read(messageOf({ ...PLAIN, ...made }), SUBJECT);

test('one message teaches what the next of its layer looks like', () => {
  const shapes = learned({}, { layer: 'L2' }, { layer: 'é', extra: [3, 6] }, { form: 'both16' });
  expect(read(shapes, { t0: [1.7e15 + 500, 4], seq: [123_456, 3] })).toMatchObject({
    ...{ t0Us: 1_700_000_000_000_500, seq: 123_456, layerName: 'L1' },
  });
  expect(read(shapes, { layer: 'L2', span: [90, 2] })?.spanUs).toBe(90);
  expect(read(shapes, { layer: 'é', extra: [0.25, 6] })?.layerName).toBe('é');
  expect(read(shapes, { spikes: [] })?.neuronId).toEqual(new Uint32Array(0));
  expect(read(shapes, { form: 'both16', spikes: [[1, 2]] })?.dense?.ids).toEqual(Uint16Array.of(1));
});

test('a subject of more shapes than are read along at once is learned anew', () => {
  const shapes = learned({ layer: '0L' });
  let count = 1;
  while (read(shapes, { layer: '0L' }) !== undefined && count < 300) {
    learn(shapes, { layer: `${count++}L` });
  }
  expect(count).toBeGreaterThan(20);
  expect(count).toBeLessThan(300);
  for (const layer of ['L1', 'L2']) learn(shapes, { layer });
  for (const layer of ['L1', 'L2']) expect(read(shapes, { layer })?.layerName).toBe(layer);
});

test('what is not like it is the reader’s', () => {
  const shapes = learned({}, { layer: 'L2' });
  const others: Partial<Member>[] = [
    { layer: 'L3' },
    { neurons: 300 },
    { seq: undefined },
    { extra: [1, 6] },
    { spikes: [[8, 7]] },
    { spikes: [[3, 100]] },
    { t0: [-1, 5] },
    { t0: [2 ** 60, 4] },
    { cut: 1 },
    { span: [0, 2] },
    { form: 'twice' },
    { isLongName: true },
  ];
  for (const other of others) expect(read(shapes, other)).toBeUndefined();
});
