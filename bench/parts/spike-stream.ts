import { FrameEncoder } from '../../src/frames/encode.ts';
import type { FrameHeader } from '../../src/frames/header.ts';
import type { SpikesFrame } from '../../src/frames/spikes.ts';
import { formatSubject } from '../../src/frames/subject.ts';

const RATE_HZ = 20;
const STEP_US = 1000;
export const T0_US = 1_700_000_000_000_000;
/** Sequence numbers of one width, so that they can be written over in place. */
export const SEQ0 = 100_000_000;

export interface StreamShape {
  readonly chips: number;
  /** Of each chip. */
  readonly layers: number;
  /** Of each layer. */
  readonly neurons: number;
  readonly spikesPerFrame: number;
  readonly encoding: 'msgpack' | 'json';
  /** Denser columns: times of their own, or a count for each step of 1 ms. */
  readonly dense?: 'times' | 'steps';
  /** Rate of each neuron: how fast event time goes beside the wall clock. 20 Hz where undefined. */
  readonly rateHz?: number;
}

/** 64 parts of 4,096 neurons, as a machine with a few large chips has. */
export const USUAL_SHAPE = { chips: 4, layers: 16, neurons: 4096 } as const;

export interface SpikeStream {
  readonly spikesPerFrame: number;
  readonly bytesPerMessage: number;
  /** The next `messages` messages as NATS protocol, valid until the next call. */
  next(messages: number): Uint8Array;
}

interface Template {
  readonly bytes: Buffer;
  readonly t0At: number;
  readonly seqAt: number;
}

/**
 * A stream of spike frames as NATS PUB commands, made in advance: neurons fire at 20 Hz, times and
 * sequence numbers are written over at each turn, so that the publisher is never the bottleneck.
 */
export function spikeStream(shape: StreamShape): SpikeStream {
  const { chips, layers, spikesPerFrame, encoding } = shape;
  const spanUs = spanOf(shape);
  const templates: Template[] = [];
  for (let chip = 0; chip < chips; chip++) {
    for (let layer = 0; layer < layers; layer++) {
      templates.push(templateOf(shape, chip, layer, spanUs));
    }
  }
  const bytesPerMessage = templates[0]?.bytes.length ?? 0;
  const seqs = new Float64Array(chips).fill(SEQ0);
  let out = Buffer.alloc(0);
  let sent = 0;
  return {
    spikesPerFrame,
    bytesPerMessage,
    next: (messages) => {
      // Names and numbers of other parts may be a little longer than those of the first.
      const needed = messages * (bytesPerMessage + 16);
      if (out.length < needed) out = Buffer.alloc(needed);
      let at = 0;
      for (let i = 0; i < messages; i++, sent++) {
        const index = sent % templates.length;
        const chip = Math.floor(index / layers);
        const template = templates[index] as Template;
        out.set(template.bytes, at);
        const t0Us = T0_US + Math.floor(sent / templates.length) * spanUs;
        const seq = seqs[chip] as number;
        seqs[chip] = seq + 1;
        if (encoding === 'json') {
          out.write(String(t0Us), at + template.t0At, 'latin1');
          out.write(String(seq), at + template.seqAt, 'latin1');
        } else {
          out.writeBigUInt64BE(BigInt(t0Us), at + template.t0At);
          out.writeUInt32BE(seq, at + template.seqAt);
        }
        at += template.bytes.length;
      }
      return out.subarray(0, at);
    },
  };
}

/** How long a frame of a stream is: as long as its neurons take to fire so often. */
export function spanOf({ neurons, spikesPerFrame, rateHz = RATE_HZ }: StreamShape): number {
  return Math.max(1000, Math.round((spikesPerFrame / neurons / rateHz) * 1e6));
}

function templateOf(shape: StreamShape, chip: number, layer: number, spanUs: number): Template {
  const frame = frameOf(shape, chip, layer, spanUs);
  const payload = Buffer.from(
    new FrameEncoder().encode(frame, shape.encoding, shape.dense !== undefined),
  );
  const subject = formatSubject('spikeformer', frame);
  const head = Buffer.from(`PUB ${subject} ${payload.length}\r\n`);
  const bytes = Buffer.concat([head, payload, Buffer.from('\r\n')]);
  return { bytes, ...placesOf(bytes, shape.encoding) };
}

/** A chip's header with the numbers that are written over. */
export function headerOf(chip: number, spanUs: number): FrameHeader {
  return {
    deviceType: 'loihi2',
    chipId: `chip${chip}`,
    t0Us: T0_US,
    spanUs,
    seq: SEQ0,
    runId: undefined,
    emitter: 'bench',
    arrivedUs: Number.NaN,
    restarts: 0,
  };
}

/** The first frame of a part; the next ones differ in their times and numbers only. */
export function frameOf(
  { layers, neurons, spikesPerFrame: spikes, dense }: StreamShape,
  chip: number,
  layer: number,
  spanUs: number,
): SpikesFrame {
  // A plain congruential generator: the same stream in every run.
  let state = (chip * layers + layer + 1) * 2_654_435_761;
  const random = (below: number): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
  const neuronId = Uint32Array.from({ length: spikes }, () => random(neurons));
  const dtUs = Uint32Array.from({ length: spikes }, () => random(spanUs)).sort();
  const isOnSteps = dense === 'steps';
  return {
    kind: 'spikes',
    ...headerOf(chip, spanUs),
    layerName: `encoder.layer.${layer}`,
    neuronType: 'lif',
    neuronCount: neurons,
    neuronId,
    dtUs: isOnSteps ? dtUs.map((dt) => dt - (dt % STEP_US)) : dtUs,
    timestep0: undefined,
    timestepUs: isOnSteps ? STEP_US : undefined,
    neuronOffset: 0,
  };
}

/** Where t0 and seq stand in a message of `frameOf`. */
export function placesOf(
  bytes: Buffer,
  encoding: 'msgpack' | 'json',
): { readonly t0At: number; readonly seqAt: number } {
  if (encoding === 'json') {
    return { t0At: bytes.indexOf(String(T0_US)), seqAt: bytes.indexOf(String(SEQ0)) };
  }
  const t0 = Buffer.alloc(8);
  t0.writeBigUInt64BE(BigInt(T0_US));
  const seq = Buffer.alloc(4);
  seq.writeUInt32BE(SEQ0);
  return { t0At: bytes.indexOf(t0), seqAt: bytes.indexOf(seq) };
}
