import fc from 'fast-check';
import { expect, it, test } from 'vitest';
import { FrameDecoder } from '../../src/frames/decode.ts';
import { FrameError } from '../../src/frames/frame-error.ts';
import { JsonShapes } from '../../src/frames/json-shapes.ts';
import { FRAME_LIMITS } from '../../src/frames/limits.ts';
import { areOrdered, type SpikesFrame } from '../../src/frames/spikes.ts';
import { parseSubject } from '../../src/frames/subject.ts';

const SUBJECT = parseSubject('spikeformer', 'spikeformer.spikes.cpu.0');

/** What a decoder makes of a message: the frame, or the error word for word. */
function outcome(decoder: FrameDecoder, bytes: Uint8Array): unknown {
  try {
    const frame = decoder.decode(bytes, SUBJECT, undefined);
    const isOrdered = frame.kind === 'spikes' && areOrdered(frame);
    return { frame: structuredClone(frame), keys: Object.keys(frame), isOrdered };
  } catch (error) {
    if (!(error instanceof FrameError)) throw error;
    return { reason: error.reason, field: error.field, message: error.message };
  }
}

const SAFE = Number.MAX_SAFE_INTEGER;
const whole = (max: number) => fc.oneof(fc.nat(9), fc.nat(max), fc.constant(max));
const digits = fc.oneof(
  whole(SAFE).map(String),
  fc.constantFrom('5.0', '1e3', '-1', '-0', '007', '', 'null', '"1"', 'true', '0', '00', '0.5'),
  fc.constantFrom(String(SAFE), '9007199254740992', '9007199254740993', '12345678901234567'),
);
/** Mostly fine, so that shapes are learned and used. */
const mostly = <T>(usual: fc.Arbitrary<T>, odd: fc.Arbitrary<T>) =>
  fc.oneof({ weight: 9, arbitrary: usual }, { weight: 1, arbitrary: odd });
const list = (max: number) =>
  fc
    .tuple(
      fc.array(mostly(fc.nat(max - 1).map(String), digits), { maxLength: 3 }),
      fc.constantFrom(',', ', ', ' ,', ',  '),
    )
    .map(([values, comma]) => `[${values.join(comma)}]`);

const member = fc.record({
  t0: mostly(whole(1e15).map(String), digits),
  seq: mostly(whole(1e9).map(String), digits),
  timestep0: fc.option(mostly(whole(64).map(String), digits), { nil: undefined }),
  extra: fc.option(
    fc.oneof(
      fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => JSON.stringify(value)),
      fc.constantFrom('-54.25', '1E+5', '1e-7', '-', '1.', '.5', '01', '"a"', '{"a":1}', '[1]'),
    ),
    { nil: undefined },
  ),
  layer: mostly(fc.constantFrom('L1', 'L2', 'L10', 'L', 'é', '🧠'), fc.string({ maxLength: 4 })),
  ids: list(8),
  dts: list(100),
  order: fc.nat(2),
  space: fc.constantFrom('', '', '', ' ', '\n'),
  twice: fc.constantFrom('', '', '', '', ',"seq":7', ',"dt":[1]', ',"layer_name":"x"'),
});

type Member = typeof member extends fc.Arbitrary<infer T> ? T : never;
type Damage = { readonly at: number; readonly what: number; readonly byte: number };

function textOf(made: Member): string {
  const { space } = made;
  const fields: [string, string][] = [
    ['v', '1'],
    ['kind', '"spikes"'],
    ['device_type', '"cpu"'],
    ['chip_id', '"0"'],
    ['t0', made.t0],
    ['span_us', '100'],
    ['seq', made.seq],
    ['layer_name', JSON.stringify(made.layer)],
    ['neuron_count', '8'],
    ['neuron_id', made.ids],
    ['dt', made.dts],
  ];
  if (made.timestep0 !== undefined) fields.push(['timestep0', made.timestep0]);
  if (made.extra !== undefined) fields.splice(4, 0, ['extra', made.extra]);
  if (made.order === 1) fields.reverse();
  const members = fields.map(([name, value]) => `${space}"${name}":${space}${value}`);
  return `{${members.join(',')}${made.twice}}`;
}

const messages = fc.array(
  fc.tuple(
    member,
    // A byte that is put in, taken out or changed, somewhere.
    fc.option(fc.record({ at: fc.nat(400), what: fc.nat(2), byte: fc.nat(255) }), {
      freq: 4,
      nil: undefined,
    }),
  ),
  { minLength: 1, maxLength: 12 },
);

function bytesOf([made, damage]: readonly [Member, Damage | undefined]): Uint8Array {
  const bytes = [...Buffer.from(textOf(made))];
  if (damage !== undefined) {
    const at = damage.at % (bytes.length + 1);
    bytes.splice(at, damage.what === 0 ? 0 : 1, ...(damage.what === 1 ? [] : [damage.byte]));
  }
  return Uint8Array.from(bytes);
}

it('gives what the parser gives, frames and errors alike, whatever it has seen before', () => {
  const warm = new FrameDecoder();
  fc.assert(
    fc.property(messages, (list) => {
      for (const each of list) {
        const bytes = bytesOf(each);
        // Somewhere in a larger buffer, as what a socket brings.
        const placed = new Uint8Array(bytes.length + 9);
        placed.set(bytes, 5);
        const there = placed.subarray(5, 5 + bytes.length);
        expect(outcome(warm, there)).toEqual(outcome(new FrameDecoder(), bytes));
      }
    }),
    { numRuns: 3000 },
  );
});

const PLAIN: Member = {
  ...{ t0: '1700000000000000', seq: '0', timestep0: undefined, extra: undefined, layer: 'L1' },
  ...{ ids: '[3]', dts: '[7]', order: 0, space: '', twice: '' },
};

function learned(...like: Partial<Member>[]): JsonShapes {
  const shapes = new JsonShapes(FRAME_LIMITS);
  for (const each of like) {
    const bytes = Buffer.from(textOf({ ...PLAIN, ...each }));
    const frame = new FrameDecoder().decode(bytes, SUBJECT, undefined) as SpikesFrame;
    shapes.learn(bytes, SUBJECT, frame);
  }
  return shapes;
}

const read = (shapes: JsonShapes, made: Partial<Member>) =>
  shapes.read(Buffer.from(textOf({ ...PLAIN, ...made })), SUBJECT);

test('one message teaches what the next of its layer looks like', () => {
  const shapes = learned({}, { layer: 'L2' }, { layer: 'é', extra: '-54.25' });
  expect(read(shapes, { t0: '1700000000000500', seq: '123456', ids: '[7]', dts: '[99]' })).toEqual(
    expect.objectContaining({ t0Us: 1_700_000_000_000_500, seq: 123_456, layerName: 'L1' }),
  );
  expect(read(shapes, { layer: 'L2' })?.layerName).toBe('L2');
  expect(read(shapes, { layer: 'é', extra: '1.5e-3' })?.layerName).toBe('é');
  expect(read(shapes, { ids: '[]', dts: '[]' })?.neuronId).toEqual(new Uint32Array(0));
  const long = read(shapes, { ids: '[1, 2, 3]', dts: '[9, 5, 7]' });
  expect([...(long?.neuronId ?? []), ...(long?.dtUs ?? [])]).toEqual([1, 2, 3, 9, 5, 7]);
});

test('what is not valid or not known is left to the parser', () => {
  const shapes = learned({});
  const others: readonly Partial<Member>[] = [
    { layer: 'L3' },
    { ids: '[8]' },
    { dts: '[100]' },
    { dts: '[]' },
    { ids: '[1.0]' },
    { ids: '[01]' },
    { dts: '[00]' },
    { ids: '[1' },
    { ids: '[1,]' },
    { ids: '[]', dts: '[,]' },
    { t0: String(SAFE) },
    { t0: '9007199254740993', ids: '[1]' },
    { seq: '01' },
    { seq: '12345678901234567' },
    { space: ' ' },
    { twice: ',"seq":7' },
  ];
  for (const made of others) {
    expect(read(shapes, made), JSON.stringify(made)).toBeUndefined();
  }
  const whole = textOf(PLAIN);
  for (const text of [`${whole} `, `${whole}}`, whole.slice(0, -1), '', '{']) {
    expect(shapes.read(Buffer.from(text), SUBJECT), text).toBeUndefined();
  }
  expect(read(shapes, {})).toBeDefined();
  expect(shapes.read(Buffer.from(whole), { ...SUBJECT })).toBeUndefined();
});

test('bytes that are no digits are none to the first message either', () => {
  for (const eight of ['\0'.repeat(8), `${'\0'.repeat(7)}\x80`]) {
    const bytes = Buffer.from(textOf({ ...PLAIN, t0: `${eight}1700000` }), 'latin1');
    expect(learned({}).read(bytes, SUBJECT), JSON.stringify(eight)).toBeUndefined();
  }
});

test('a frame says whether its times are in order, one by one', () => {
  const shapes = learned({});
  const rising = Array.from({ length: 300 }, (_, i) => Math.floor(i / 3));
  const ids = `[${rising.map(() => 1).join()}]`;
  for (const times of [rising, rising.toReversed(), rising, rising.with(299, 98)]) {
    const frame = read(shapes, { ids, dts: `[${times.join()}]` }) as SpikesFrame;
    expect([...frame.dtUs]).toEqual(times);
    expect(areOrdered(frame)).toBe(times === rising);
  }
});

test('shapes of which no message comes again cost no more after a while', () => {
  const shapes = learned({});
  let learnt = 0;
  for (let i = 0; i < 5000; i++) {
    const made = { ...PLAIN, layer: `only once ${i}` };
    if (read(shapes, made) !== undefined) throw new Error('a layer that was never seen');
    const bytes = Buffer.from(textOf(made));
    shapes.learn(bytes, SUBJECT, new FrameDecoder().decode(bytes, SUBJECT) as SpikesFrame);
    if (read(shapes, made) !== undefined) learnt++;
  }
  expect(learnt).toBeGreaterThan(100);
  expect(learnt).toBeLessThan(2000);
});
