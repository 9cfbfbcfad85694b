import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { Frame } from '../../src/frames/frame.ts';
import type { SpikesFrame } from '../../src/frames/spikes.ts';
import type { SpkHeader } from '../../src/recordings/spk-header.ts';
import { openSpk, type SpkRecording } from '../../src/recordings/spk-read.ts';
import { type SpkCreateOptions, SpkWriter } from '../../src/recordings/spk-write.ts';

/** A folder of the running test's own. */
export function ownFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'spk-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

export function spikesAt(t0Us: number, neurons: readonly number[], spanUs = 1000): SpikesFrame {
  return {
    kind: 'spikes',
    deviceType: 'cpu',
    chipId: '0',
    t0Us,
    spanUs,
    seq: undefined,
    runId: undefined,
    emitter: undefined,
    arrivedUs: Number.NaN,
    restarts: 0,
    layerName: 'exc',
    neuronType: 'lif',
    neuronCount: 1000,
    neuronId: Uint32Array.from(neurons),
    dtUs: Uint32Array.from(neurons, (_id, i) => i % spanUs),
    timestep0: undefined,
    timestepUs: undefined,
    neuronOffset: 0,
  };
}

export async function writeSpk(
  path: string,
  frames: Iterable<Frame>,
  options: SpkCreateOptions & { readonly header?: SpkHeader; readonly flushEvery?: number } = {},
): Promise<void> {
  const { header = { name: 'test' }, flushEvery = 0, ...rest } = options;
  const writer = await SpkWriter.create(path, header, rest);
  let written = 0;
  for (const frame of frames) {
    await writer.write(frame);
    if (++written % flushEvery === 0) await writer.flush();
  }
  await writer.close();
}

/** A frame whose columns are its own, for one that outlives the next. */
export function ownCopy(given: Frame): Frame {
  const frame = plain(given);
  const copyOf = (value: unknown): unknown => {
    if (value instanceof Uint32Array || value instanceof Float32Array) return value.slice();
    if (value instanceof Float64Array) return value.slice();
    if (!(value instanceof Map)) return value;
    return new Map([...value].map(([key, entry]) => [key, copyOf(entry)]));
  };
  const entries = Object.entries(frame).map(([key, value]) => [key, copyOf(value)]);
  return Object.fromEntries(entries) as Frame;
}

/** Spikes in the columns that all readers know. */
function plain(frame: Frame): Frame {
  if (frame.kind !== 'spikes' || frame.dense === undefined) return frame;
  const { dense: _, ...rest } = frame;
  return { ...rest, neuronId: frame.neuronId, dtUs: frame.dtUs };
}

export async function collect(frames: AsyncIterable<Frame>): Promise<Frame[]> {
  const all: Frame[] = [];
  for await (const frame of frames) all.push(ownCopy(frame));
  return all;
}

/** Opens, hands over, closes. */
export async function withSpk<V>(path: string, use: (spk: SpkRecording) => Promise<V>): Promise<V> {
  const spk = await openSpk(path);
  try {
    return await use(spk);
  } finally {
    await spk.close();
  }
}

export interface Reading {
  readonly frames: Frame[];
  readonly spk: SpkRecording;
}

/** Reads a whole file. */
export function readSpk(path: string): Promise<Reading> {
  return withSpk(path, async (spk) => ({ frames: await collect(spk.frames()), spk }));
}
