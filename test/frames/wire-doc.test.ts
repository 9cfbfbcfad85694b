import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, test } from 'vitest';
import { configSchema } from '../../src/cli/config/schema.ts';
import { FrameDecoder } from '../../src/frames/decode.ts';
import { INVALID_REASONS } from '../../src/frames/frame-error.ts';
import { FRAME_KINDS } from '../../src/frames/header.ts';
import { FRAME_LIMITS } from '../../src/frames/limits.ts';
import { MetricStore } from '../../src/sinks/prometheus/metric-store.ts';
import { defineOwnMetrics } from '../../src/telemetry/own-metrics.ts';
import { DEFAULTS } from './slow-check.ts';
import {
  COMMON_FIELDS,
  WIRE_SHAPES,
  type WireField,
  type WireShape,
  type WireType,
} from './wire-fields.ts';

/** docs/wire.md beside the code, both ways. */
const ROOT = join(import.meta.dirname, '../..');
const TEXT = readFileSync(join(ROOT, 'docs/wire.md'), 'utf8');
const SAFE = 2 ** 53 - 1;

type Row = Readonly<Record<string, string>>;

/** From a heading to the next of its level or above. */
function section(heading: string): string {
  const from = TEXT.indexOf(`\n${heading}\n`);
  expect(from, heading).toBeGreaterThan(0);
  const rest = TEXT.slice(from + heading.length + 2);
  const level = heading.indexOf(' ');
  const end = rest.search(new RegExp(`^#{2,${level}} `, 'm'));
  return end < 0 ? rest : rest.slice(0, end);
}

/** Rows of the first table, by the words of its head. */
function tableOf(part: string): Row[] {
  const lines = part.split('\n');
  const start = lines.findIndex((line) => line.startsWith('|'));
  const cells = (line: string) =>
    line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim());
  const head = cells(lines[start] ?? '');
  const rows: Row[] = [];
  for (const line of lines.slice(start + 2)) {
    if (!line.startsWith('|')) break;
    const row = cells(line);
    expect(row, line).toHaveLength(head.length);
    rows.push(Object.fromEntries(head.map((name, i) => [name, row[i] as string])));
  }
  return rows;
}

function codesOf(cell: string | undefined): string[] {
  return [...(cell ?? '').matchAll(/`([^`]+)`/g)].map(([, code]) => code as string);
}

/** What the first cell of a type stands for in the wire as a table. */
const TYPES: readonly (readonly [RegExp, WireType])[] = [
  [/^number or f32\[\]$/, 'step'],
  [/^(u16|u32|f32|f64)\[[a-z·]+\]$/, 'u32'],
  [/^list of names/, 'names'],
  [/^list of maps$/, 'updates'],
  [/^map of f64\[n\]$/, 'counters'],
];

function typeOf(cell: string): string {
  const [, type] = TYPES.find(([pattern]) => pattern.test(cell)) ?? [];
  return type === 'u32' ? cell.slice(0, 3) : (type ?? cell);
}

function amount(value: number): string {
  if (value === SAFE) return '2^53−1';
  return value === 2 ** 24 ? '2^24' : value.toLocaleString('en-US');
}

/** Bounds of a number as the page says them; undefined where they are not a matter of the table. */
function boundsOf({ type, min, max }: WireField): string | undefined {
  if (min === undefined || max === undefined) return undefined;
  if (max === Number.MAX_VALUE) return `from ${min}`;
  return type === 'counters' ? undefined : `${amount(min)} … ${amount(max)}`;
}

/** Told in a table of their own. */
function isDense({ kind, form }: WireShape): boolean {
  return kind === 'spikes' && form !== '';
}

/** Units that a field's name promises. */
const UNITS: readonly (readonly [RegExp, string])[] = [
  [/_us$|^dt$|^t0$/, 'µs'],
  [/joules$/, 'J'],
  [/^watts$/, 'W'],
  [/_percent$/, '%'],
  [/_c$/, '°C'],
  [/_seconds$/, 's'],
  [/_per_second$/, '1/s'],
  [/^values$/, '`unit`'],
];

function compareRow(row: Row, field: WireField): void {
  const where = `${row['field']}`;
  expect(typeOf(row['type'] ?? ''), where).toBe(field.type);
  const bounds = boundsOf(field);
  if (bounds !== undefined) expect(row['bounds']?.split(';')[0], where).toBe(bounds);
  if (field.words !== undefined) expect(codesOf(row['bounds']), where).toEqual(field.words);
  const fallback = field.needed ? undefined : DEFAULTS[field.name];
  expect(row['default'], where).toBe(fallback === undefined ? '' : `\`${String(fallback)}\``);
  const unit = UNITS.find(([pattern]) => pattern.test(field.name))?.[1] ?? '';
  expect(row['unit'], where).toBe(unit);
}

function rowsByField(heading: string): Map<string, Row> {
  const rows = tableOf(section(heading));
  const byField = new Map(rows.map((row) => [codesOf(row['field'])[0] as string, row]));
  expect(byField.size).toBe(rows.length);
  return byField;
}

test('every kind has a section, and no other', () => {
  const kinds = [...section('## Kinds').matchAll(/^### `(\w+)`$/gm)].map(([, kind]) => kind);
  expect(kinds).toEqual([...FRAME_KINDS]);
});

test('the common fields are those of the wire', () => {
  const rows = rowsByField('## Common fields');
  expect([...rows.keys()]).toEqual(['v', 'kind', ...COMMON_FIELDS.map(({ name }) => name)]);
  for (const field of COMMON_FIELDS) {
    const row = rows.get(field.name) as Row;
    compareRow(row, field);
    expect(row['needed'], field.name).toBe(field.needed ? 'yes' : 'no');
  }
});

test('the denser columns of spikes are those of the wire', () => {
  const rows = rowsByField('#### Denser columns');
  const spikes = WIRE_SHAPES.filter(isDense);
  const fields = spikes.flatMap((shape) => shape.fields.filter(({ type }) => type === 'u16'));
  expect([...rows.keys()].sort()).toEqual([...new Set(fields.map(({ name }) => name))].sort());
  for (const field of fields) {
    expect(typeOf(rows.get(field.name)?.['type'] ?? ''), field.name).toBe('u16');
  }
});

describe.each(FRAME_KINDS)('%s', (kind) => {
  const shapes = WIRE_SHAPES.filter((shape) => shape.kind === kind && !isDense(shape));
  const names = new Set(shapes.flatMap(({ fields }) => fields.map(({ name }) => name)));
  const told = new Set(shapes.flatMap(({ fixed }) => Object.keys(fixed)));

  it('has the fields of the wire, and no other', () => {
    const rows = rowsByField(`### \`${kind}\``);
    expect([...rows.keys()].sort()).toEqual([...names, ...told].sort());
  });

  it('says of each its type, unit, default and bounds, and where it is needed', () => {
    const rows = rowsByField(`### \`${kind}\``);
    for (const name of names) {
      const row = rows.get(name) as Row;
      const fields = shapes.map((one) => one.fields.find((field) => field.name === name));
      for (const field of fields) if (field !== undefined) compareRow(row, { ...field });
      const forms = shapes.filter((_, i) => fields[i]?.needed);
      const where = `${name} is ${row['needed']}`;
      if (forms.length === 0) expect(row['needed'], where).toBe('no');
      else if (forms.length === shapes.length) expect(row['needed'], where).toBe('yes');
      else {
        expect(row['needed'], where).toMatch(/^yes, for /);
        expect(codesOf(row['needed']).flatMap(formsOf).sort(), where).toEqual(
          forms.map(({ form }) => form).sort(),
        );
      }
    }
  });

  it('lists the words that tell its form', () => {
    const rows = rowsByField(`### \`${kind}\``);
    for (const name of told) {
      const words = new Set(shapes.map(({ fixed }) => fixed[name]).filter((one) => one));
      expect(codesOf(rows.get(name)?.['bounds']), name).toEqual([...words]);
    }
  });

  /** A word for a form, or for all of them that share an event. */
  function formsOf(word: string): string[] {
    const ofEvent = shapes.filter(({ form, fixed }) => form === word || fixed['event'] === word);
    return ofEvent.map(({ form }) => form);
  }
});

test('the reasons are those of the code', () => {
  const rows = tableOf(section('## Messages that are no frames').split('<!-- reasons')[1] ?? '');
  expect(rows.map((row) => codesOf(row['reason'])[0])).toEqual(Object.keys(INVALID_REASONS));
  for (const row of rows) expect(row['what to do'], row['reason']).toMatch(/^.{10,}$/);
});

test('the limits are those of the configuration, with their defaults', () => {
  const rows = tableOf(section('## Limits'));
  const { limits } = configSchema([]).parse({});
  const said = rows.map((row) => {
    const number = Number(row['default']?.replaceAll(',', ''));
    return [codesOf(row['setting'])[0], number];
  });
  const known = Object.entries(limits).map(([name, value]) => [`limits.${name}`, value]);
  expect(said).toEqual(known);
  for (const row of rows) {
    const reason = codesOf(row['reason when exceeded'])[0] as string;
    expect(Object.keys(INVALID_REASONS)).toContain(reason);
  }
  expect(section('## Limits')).toContain(`${amount(FRAME_LIMITS.entriesMax)} synapse updates`);
});

test('the headers of dead letters are those that are set', () => {
  const source = readFileSync(join(ROOT, 'src/sinks/dead-letters.ts'), 'utf8');
  const names = source.matchAll(/(?:\.set\(|cutHeader: )'([A-Za-z-]+)'/g);
  const set = [...names].map(([, name]) => name);
  const rows = tableOf(section('## Messages that are no frames'));
  const said = rows.map((row) => codesOf(row['header'])[0]);
  expect(said.sort()).toEqual([...new Set(set)].sort());
});

test('the metrics that it names are there', () => {
  const store = new MetricStore();
  defineOwnMetrics(store);
  const names = new Set(store.families().map(({ name }) => name));
  const said = new Set([...TEXT.matchAll(/spikescope_\w+_total/g)].map(([name]) => name));
  expect(said.size).toBeGreaterThan(5);
  expect([...said].filter((name) => !names.has(name))).toEqual([]);
});

test('the messages that it shows are frames', () => {
  const blocks = [...TEXT.matchAll(/```json\n([\s\S]*?)```/g)].map(([, json]) => json as string);
  expect(blocks).toHaveLength(4);
  const kinds = blocks.map((json) => new FrameDecoder().decode(Buffer.from(json.trim())).kind);
  expect(kinds).toEqual(['power', 'spikes', 'activity', 'health']);
});
