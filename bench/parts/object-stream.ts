import type { SpikeStream } from './spike-stream.ts';

export const OBJECT_LAYERS = 16;
export const OBJECT_NEURONS = 4096;
const OBJECT_SUBJECT = 'lab.spikes.0';
/** Messages that differ; after them they come again, later. */
const DISTINCT = 100;
const STEP_US = 3;
const T0_US = 1_700_000_000_000_000;
const T_DIGITS = 16;

interface Template {
  readonly bytes: Buffer;
  /** Where the time of each object stands. */
  readonly timesAt: Uint32Array;
}

/**
 * Spikes as objects, so many a message, as NATS PUB commands: layer, type, neuron, time and
 * potential, 3 µs apart. Times are written over at each turn.
 */
export function objectStream(objectsPerMessage: number): SpikeStream {
  // A plain congruential generator: the same stream in every run.
  let state = 42;
  const random = (below: number): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
  const templates = Array.from({ length: DISTINCT }, () => templateOf(objectsPerMessage, random));
  const bytesPerMessage = Math.max(...templates.map(({ bytes }) => bytes.length));
  let out = Buffer.alloc(0);
  let sent = 0;
  return {
    spikesPerFrame: objectsPerMessage,
    bytesPerMessage,
    next: (messages) => {
      if (out.length < messages * bytesPerMessage) out = Buffer.alloc(messages * bytesPerMessage);
      let at = 0;
      for (let i = 0; i < messages; i++, sent++) {
        const { bytes, timesAt } = templates[sent % DISTINCT] as Template;
        out.set(bytes, at);
        const t0Us = T0_US + sent * objectsPerMessage * STEP_US;
        for (let k = 0; k < timesAt.length; k++) {
          writeDigits(out, at + (timesAt[k] as number), t0Us + k * STEP_US);
        }
        at += bytes.length;
      }
      return out.subarray(0, at);
    },
  };
}

function templateOf(objectsPerMessage: number, random: (below: number) => number): Template {
  const objects = Array.from({ length: objectsPerMessage }, () => {
    const layer = `L${String(random(OBJECT_LAYERS)).padStart(2, '0')}`;
    const type = random(5) === 0 ? 'inh' : 'exc';
    const mv = (-55 + (random(1000) + random(1000) + random(1000) - 1500) / 50).toFixed(2);
    const neuron = random(OBJECT_NEURONS);
    return `{"layer":"${layer}","neuron_type":"${type}","neuron":${neuron},"t_us":${T0_US},"mv":${mv}}`;
  });
  const payload = objectsPerMessage === 1 ? (objects[0] as string) : `[${objects.join()}]`;
  const text = `PUB ${OBJECT_SUBJECT} ${payload.length}\r\n${payload}\r\n`;
  const timesAt: number[] = [];
  const mark = '"t_us":';
  for (let at = text.indexOf(mark); at >= 0; at = text.indexOf(mark, at + 1)) {
    timesAt.push(at + mark.length);
  }
  return { bytes: Buffer.from(text), timesAt: Uint32Array.from(timesAt) };
}

function writeDigits(out: Buffer, at: number, value: number): void {
  let high = Math.floor(value / 1e8);
  let low = value % 1e8;
  for (let i = T_DIGITS - 1; i >= T_DIGITS / 2; i--) {
    out[at + i] = 48 + (low % 10);
    low = (low / 10) | 0;
  }
  for (let i = T_DIGITS / 2 - 1; i >= 0; i--) {
    out[at + i] = 48 + (high % 10);
    high = (high / 10) | 0;
  }
}
