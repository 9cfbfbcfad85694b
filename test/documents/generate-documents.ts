import type { DocumentValue, StoredDocument } from '../../src/sinks/documents/document.ts';
import { INDEX_NAMES, type IndexName } from '../../src/sinks/documents/indices.ts';
import { randomFrom } from '../conformance/generate-frames.ts';

export interface GeneratedRange {
  readonly seed: number;
  readonly count: number;
  /** [fromMs, toMs) */
  readonly fromMs: number;
  readonly toMs: number;
}

type Random = () => number;
type Fields = Record<string, DocumentValue | undefined>;

/**
 * Documents of every index as a busy laboratory would write them, the same for the same seed:
 * several in one ms, fields that are absent, groups of equal size, names in several scripts.
 */
export function generateDocuments({ seed, count, fromMs, toMs }: GeneratedRange): StoredDocument[] {
  const random = randomFrom(seed);
  const documents: StoredDocument[] = [];
  let ms = fromMs;
  for (let i = 0; i < count; i++) {
    // A third come with the one before, in the same ms: their ids settle the order.
    if (random() < 0.67) ms = fromMs + Math.floor(((toMs - fromMs) * i) / count);
    const timeUs = ms * 1000 + (random() < 0.5 ? 0 : Math.floor(random() * 1000));
    const index = indexOf(random);
    const id = `${(seed * 7919).toString(36)}-${(i * 2_654_435_761) % 4_294_967_296}-${i}`;
    const spanUs = Math.floor(random() * 1e6);
    const common: Fields = index === 'logs' ? {} : { t0_us: timeUs, span_us: spanUs };
    const fields = { ...FIELDS_OF[index](random), ...common };
    const known = Object.entries(fields).filter(([, value]) => value !== undefined);
    documents.push({ id, index, timeUs, fields: Object.fromEntries(known) as never });
  }
  return documents;
}

/** Half of all are log lines, a quarter conversions. */
function indexOf(random: Random): IndexName {
  const at = random();
  if (at < 0.5) return 'logs';
  if (at < 0.75) return 'conversions';
  return pick(random, INDEX_NAMES);
}

function pick<T>(random: Random, list: readonly T[]): T {
  return list[Math.floor(random() * list.length)] as T;
}

function maybe<T>(random: Random, value: T): T | undefined {
  return random() < 0.8 ? value : undefined;
}

const MODELS = ['vit', 'bert', 'Модель', '模型', '🧠', '']; // what people call them
const HARDWARE = ['loihi2', 'spinnaker', 'cpu', 'Loihi2'];
const SIZES = ['tiny', 'small', 'base'];
const ERRORS = ['OutOfMemory', 'timeout', 'MappingError', 'outofmemory'];
const LEVELS = ['DEBUG', 'INFO', 'INFO', 'INFO', 'WARNING', 'ERROR', 'CRITICAL'];

function chip(random: Random): Fields {
  return {
    device_type: maybe(random, pick(random, HARDWARE)),
    chip_id: maybe(random, `chip-${Math.floor(random() * 3)}`),
    run_id: maybe(random, `run-${Math.floor(random() * 20)}`),
  };
}

function conversion(random: Random): Fields {
  return {
    conversion_id: `c-${Math.floor(random() * 1e6)}`,
    model_type: maybe(random, pick(random, MODELS)),
    model_size: maybe(random, pick(random, SIZES)),
    hardware_target: maybe(random, pick(random, HARDWARE)),
  };
}

const FIELDS_OF: Readonly<Record<IndexName, (random: Random) => Fields>> = {
  logs: (random) => {
    const type = pick(random, [
      undefined,
      'conversion_start',
      'conversion_error',
      'hardware_error',
    ]);
    const failed = type === 'conversion_error';
    return {
      ...chip(random),
      ...(type?.startsWith('conversion') ? conversion(random) : {}),
      level: failed ? 'ERROR' : pick(random, LEVELS),
      logger: 'spikeformer',
      message: pick(random, ['a line', 'two\nlines', 'a "quoted" one', 'schön, 模型 🧠', '\u0000']),
      line: maybe(random, Math.floor(random() * 1000)),
      event_type: type,
      error_type: failed ? pick(random, ERRORS) : undefined,
      requires_attention: maybe(random, random() < 0.5),
      spike_rate: maybe(random, random() * 1e3),
      duration_seconds: maybe(random, pick(random, [0, 0.1, 1, 5, 1e-300, 1e300])),
    };
  },
  rates: (random) => ({
    ...chip(random),
    layer_name: pick(random, ['encoder.0', 'encoder.1']),
    neuron_count: 256,
    spikes: Math.floor(random() * 1e6),
    mean_rate_hz: random() * 100,
    rate_histogram: Array.from({ length: 12 }, () => Math.floor(random() * 50)),
    timestep: Math.floor(random() * 2 ** 50),
  }),
  power: (random) => ({
    ...chip(random),
    rail: 'total',
    component: pick(random, ['total', 'static']),
    watts: random() * 3 - 0.5,
    energy_joules: random() * 1e4,
  }),
  conversions: (random) => {
    const event = pick(random, ['started', 'step', 'finished', 'finished']);
    const success = event === 'finished' ? random() < 0.8 : undefined;
    return {
      ...chip(random),
      ...conversion(random),
      event,
      success,
      error_type: success === false ? pick(random, ERRORS) : undefined,
      // Bounds of buckets among them: a value at a bound is at most that bound.
      duration_us: pick(random, [1e5, 5e5, 1e6, 1e6 + 0.5, random() * 1e8, undefined]),
    };
  },
  benchmarks: (random) => ({
    ...chip(random),
    model: pick(random, MODELS),
    hardware: pick(random, HARDWARE),
    latency_seconds: random(),
    accuracy: maybe(random, random()),
  }),
  anomalies: (random) => ({
    ...chip(random),
    detector: pick(random, ['silence', 'burst']),
    severity: pick(random, ['info', 'warning', 'critical']),
    score: random() * 10,
    text: 'odd',
  }),
  health: (random) => ({
    ...chip(random),
    connected: random() < 0.9,
    status: pick(random, ['ok', 'degraded', 'down']),
    reason: maybe(random, 'no answer'),
  }),
  runs: (random) => ({
    run_id: `run-${Math.floor(random() * 1e6)}`,
    hardware: pick(random, HARDWARE),
    frames: Math.floor(random() * 1e6),
    energy_joules: maybe(random, random() * 100),
    is_complete: random() < 0.9,
  }),
};
