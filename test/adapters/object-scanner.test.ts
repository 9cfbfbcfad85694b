import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, it, test } from 'vitest';
import { compiledKernels } from '../../scripts/kernels.ts';
import { LayerTable } from '../../src/adapters/layer-table.ts';
import { ObjectColumns } from '../../src/adapters/object-columns.ts';
import { ObjectScanner } from '../../src/adapters/object-scanner.ts';
import { ObjectReader } from '../../src/adapters/read-objects.ts';
import { FRAME_LIMITS } from '../../src/frames/limits.ts';
import { takeArena } from '../../src/kernels/memory.ts';
import { adapterOf, optionsOf, outcomeOf, parserOf, readerOf } from './adapter-under-test.ts';

test('the compiled kernels are what their source compiles to', () => {
  const file = join(import.meta.dirname, '../../src/kernels/objects-wasm.ts');
  expect(readFileSync(file, 'utf8')).toBe(compiledKernels('objects'));
});

/** Mostly fine, so that shapes are learned and used. */
const mostly = <T>(usual: fc.Arbitrary<T>, odd: fc.Arbitrary<T>) =>
  fc.oneof({ weight: 25, arbitrary: usual }, { weight: 1, arbitrary: odd });
const oddNumber = fc.oneof(
  fc.oneof(fc.double(), fc.maxSafeInteger()).map(String),
  fc.constantFrom(
    '5.0',
    '1e3',
    '-1',
    '-0',
    '007',
    '1.',
    '.5',
    '1.e3',
    '+1',
    '0x1',
    '',
    '010',
    '08',
  ),
  fc.constantFrom('null', '"1"', 'true', '[1]', '{"a":1}', '12345678901234567890', '1E400'),
  fc.constantFrom('9007199254740993', '9007199254740992.5', '0.1234567890123456789', '4.9e-324'),
);
const plainNumber = fc.oneof(
  fc.nat(100).map(String),
  fc.tuple(fc.nat(99), fc.nat(9999)).map(([a, b]) => `-${a}.${b}`),
  fc.double({ min: -1e9, max: 1e9, noNaN: true }).map((value) => value.toFixed(7)),
  fc.double({ min: -1e6, max: 1e6, noNaN: true }).map(String),
);
const times = {
  us: fc.nat(50_000).map((us) => String(1_700_000_000_000_000 + us)),
  ns: fc.nat(50_000_000).map((ns) => `17000000000${String(ns).padStart(8, '0')}`),
  s: fc.nat(50_000).map((us) => `1700000000.${String(us).padStart(6, '0')}`),
  ms: fc.nat(50_000).map((us) => (1_700_000_000_000 + us / 1000).toFixed(3)),
};

function messagesOf(unit: keyof typeof times, isLines: boolean) {
  const object = fc.record({
    layer: mostly(
      fc.constantFrom('"L1"', '"L2"', '"L10"', '"é"', '"a layer with a longer name than that"'),
      fc.oneof(
        fc.string({ maxLength: 3 }).map((text) => JSON.stringify(text)),
        fc.constantFrom('"\\u004c1"', '3', '3.5', 'null', '""', '"L1', '"a\tb"', '"\\ud83e"'),
      ),
    ),
    neuron: mostly(fc.integer({ min: 8, max: 15 }).map(String), oddNumber),
    time: mostly(times[unit], oddNumber),
    mv: fc.option(mostly(plainNumber, oddNumber), { nil: undefined, freq: 3 }),
    type: mostly(fc.constantFrom('"exc"', '"inh"'), fc.constantFrom('"\\n"', '"é"', '"\u0001"')),
    order: fc.constantFrom(0, 0, 0, 1),
    space: fc.constantFrom('', '', '', ' '),
    twice: mostly(fc.constant(''), fc.constantFrom(',"neuron":9', ',"layer":"L1"', ',"x":[1]')),
  });
  const comma = isLines ? fc.constantFrom('\n', '\n', '\r\n', '\n\n ') : fc.constantFrom(',', ', ');
  const damage = fc.option(fc.record({ at: fc.nat(9999), what: fc.nat(2), byte: fc.nat(255) }), {
    freq: 4,
    nil: undefined,
  });
  return fc
    .tuple(fc.array(object, { maxLength: 6 }), comma, fc.boolean(), damage)
    .map(([objects, between, isAlone, broken]) => {
      const texts = objects.map((each) => {
        const fields = [`"layer":${each.layer}`, `"type":${each.type}`, `"neuron":${each.neuron}`];
        fields.push(`"t":${each.time}`);
        if (each.mv !== undefined) fields.push(`"mv":${each.mv}`);
        if (each.order === 1) fields.reverse();
        return `{${fields.join(`,${each.space}`)}${each.twice}}`;
      });
      const text = isLines ? texts.join(between) : `[${texts.join(between)}]`;
      const bytes = [...Buffer.from(isAlone && texts.length === 1 ? (texts[0] as string) : text)];
      if (broken !== undefined) {
        const at = broken.at % (bytes.length + 1);
        bytes.splice(at, broken.what > 0 ? 1 : 0, ...(broken.what === 1 ? [] : [broken.byte]));
      }
      return Uint8Array.from(bytes);
    });
}

/** Messages where kernels can read them in place, one after another, as in a ring. */
const ring = takeArena(65_536);
let ringAt = 0;
function inRing(bytes: Uint8Array): Uint8Array {
  if (ringAt + bytes.length > ring.length) ringAt = 0;
  ring.set(bytes, ringAt);
  const placed = ring.subarray(ringAt, ringAt + bytes.length);
  ringAt += bytes.length;
  return placed;
}

it.each([
  ['us', 'json-objects', 8],
  ['ns', 'json-objects', undefined],
  ['s', 'ndjson', 8],
  ['ms', 'ndjson', undefined],
] as const)('reads times in %s of %s as the parser does, errors too', (unit, format, count) => {
  const options = { time_unit: unit, format, neuron_count: count, span: 'message' };
  const warm = readerOf(adapterOf(options));
  const parser = parserOf(optionsOf(options));
  let isPlaced = false;
  const messages = messagesOf(unit, format === 'ndjson');
  fc.assert(
    fc.property(messages, (bytes) => {
      isPlaced = !isPlaced;
      const there = isPlaced ? inRing(bytes) : bytes;
      expect(outcomeOf(warm, there)).toEqual(outcomeOf(parser, bytes));
    }),
    { numRuns: 3000 },
  );
});

/** A scanner that has learned from these messages, and columns. */
function learned(options: Record<string, unknown>, ...messages: string[]) {
  const checked = optionsOf(options);
  const layers = new LayerTable(checked, FRAME_LIMITS);
  const reader = new ObjectReader(checked, FRAME_LIMITS, layers);
  const scanner = ObjectScanner.of(checked, FRAME_LIMITS.samplesMax, layers);
  if (scanner === undefined) throw new Error('this machine has no kernels');
  const columns = new ObjectColumns();
  for (const message of messages) {
    const bytes = Buffer.from(message);
    if (scanner.read(bytes, columns)) continue;
    reader.read(bytes, columns);
    scanner.learn(bytes);
  }
  return { columns, read: (text: string) => scanner.read(Buffer.from(text), columns) };
}

const OBJECT = '{"layer":"L1","neuron":3,"t":1700000000000000,"mv":-55.5,"type":"exc"}';

test('one object teaches what the others look like', () => {
  const { columns, read } = learned({}, OBJECT);
  const other = '{"layer":"L2","neuron":107,"t":7,"mv":3,"type":""}';
  expect(read(`[${OBJECT},${other},\n ${OBJECT} ]\n`)).toBe(true);
  expect(columns.length).toBe(3);
  expect([...columns.layer.subarray(0, 3)]).toEqual([0, 1, 0]);
  expect([...columns.neuron.subarray(0, 3)]).toEqual([3, 99, 3]);
  expect([...columns.timeUs.subarray(0, 3)]).toEqual([1.7e15, 7, 1.7e15]);
  expect([...columns.membrane.subarray(0, 3)]).toEqual([-55.5, 3, -55.5]);
});

test('objects of several shapes in a message, and more of them than there was room for', () => {
  const bare = '{"neuron":3,"layer":"L1","t":5}';
  const none = '{"neuron":3,"layer":"L1","mv":null,"t":5}';
  const { columns, read } = learned({}, OBJECT, bare, none);
  const many = Array.from({ length: 9000 }, (_, i) => [OBJECT, bare, none][i % 3]);
  expect(read(`[${many.join()}]`)).toBe(true);
  expect(columns.length).toBe(9000);
  expect(columns.membrane.subarray(0, 9000).filter((value) => value === -55.5)).toHaveLength(3000);
  expect(read(OBJECT) && columns.length).toBe(1);
});

test.each([
  ['a layer that is not listed', OBJECT.replace('L1', 'L9')],
  ['a neuron outside', OBJECT.replace(':3', ':8')],
  ['half a neuron', OBJECT.replace(':3', ':3.5')],
  ['a zero in front', OBJECT.replace(':3', ':03')],
  ['a point without digits', OBJECT.replace('-55.5', '-55.')],
  ['digits without a whole', OBJECT.replace('-55.5', '-.5')],
  ['a sign alone', OBJECT.replace('-55.5', '-')],
  ['a plus', OBJECT.replace('-55.5', '+55.5')],
  ['more digits than are exact', OBJECT.replace('-55.5', '0.12345678901234567')],
  ['more digits than there are', OBJECT.replace('-55.5', '12345678901234567890')],
  ['a negative time', OBJECT.replace(':17', ':-17')],
  ['a time past all times', OBJECT.replace(':17', ':97')],
  ['an infinity', OBJECT.replace('-55.5', '3.5e38')],
  ['a control character', OBJECT.replace('exc', 'e\u0001c')],
  ['an exponent of a whole', OBJECT.replace(':3', ':3e0')],
  ['an exponent', OBJECT.replace('-55.5', '-5.55e1')],
  ['an escape', OBJECT.replace('exc', '\\n')],
  ['other text than ASCII', OBJECT.replace('exc', 'é')],
  ['another field', OBJECT.replace('}', ',"x":1}')],
  ['a comma too many', `[${OBJECT},]`],
  ['no comma', `[${OBJECT}${OBJECT}]`],
  ['no end', `[${OBJECT}`],
  ['two values', `[${OBJECT}]1`],
  ['two objects', `${OBJECT}${OBJECT}`],
  ['half an object', OBJECT.slice(0, -1)],
  ['nothing', ''],
  ['an empty list', '[]'],
])('%s is for the parser', (_what, text) => {
  const { read } = learned({}, OBJECT);
  expect(read(text)).toBe(false);
  expect(read(OBJECT)).toBe(true);
});

test('layers that come and go are found as what they are', () => {
  const adapter = adapterOf({ layers: [], neuron_count: 8 });
  const warm = readerOf(adapter);
  const parser = parserOf(optionsOf({ layers: [], neuron_count: 8 }));
  for (let round = 0; round < 40; round++) {
    const names = Array.from({ length: 700 }, (_, i) => `layer ${(i * 31 + round * 401) % 20_000}`);
    const text = `[${names.map((name) => OBJECT.replace('L1', name)).join()}]`;
    expect(outcomeOf(warm, Buffer.from(text))).toEqual(outcomeOf(parser, Buffer.from(text)));
  }
});
