import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Analyzer } from '../../src/analysis/analyzer.ts';
import { loadConfig } from '../../src/cli/config/load.ts';
import { loadPipelines } from '../../src/cli/load-pipelines.ts';
import { createOwnTelemetry } from '../../src/cli/own-telemetry.ts';
import { createService, NO_PARTS } from '../../src/cli/service.ts';
import { FrameDecoder } from '../../src/frames/decode.ts';
import type { Frame } from '../../src/frames/frame.ts';
import { FRAME_LIMITS } from '../../src/frames/limits.ts';
import { parseSubject } from '../../src/frames/subject.ts';
import { openRecording } from '../../src/recordings/open.ts';
import { SpkWriter } from '../../src/recordings/spk-write.ts';
import type { BenchOptions, Row } from './report.ts';
import { median } from './report.ts';
import { spikeStream, USUAL_SHAPE } from './spike-stream.ts';

const SPIKES_PER_FRAME = 4096;
const SPIKES = 40e6;

/** A `.spk` recording through every pipeline, without NATS, in this process. */
export async function spkReplay({ rounds, scale }: BenchOptions): Promise<Row[]> {
  const folder = await mkdtemp(join(tmpdir(), 'spikescope-bench-'));
  try {
    const path = join(folder, 'bench.spk');
    const frames = Math.round((SPIKES * scale) / SPIKES_PER_FRAME);
    await writeRecording(path, frames);
    const megabytes = (await stat(path)).size / 1e6;
    const rows: Row[] = [];
    for (const [what, once] of [
      ['every pipeline', replayOnce],
      ['analyze', analyzeOnce],
    ] as const) {
      const costs: Cost[] = [];
      for (let round = 0; round < rounds; round++) costs.push(await once(path, frames));
      const per = (cost: keyof Cost) =>
        (frames * SPIKES_PER_FRAME) / median(costs.map((c) => c[cost]));
      rows.push({
        through: what,
        spikes: frames * SPIKES_PER_FRAME,
        'file, MB': Math.round(megabytes),
        'spikes per CPU-s': Math.round(per('cpuS')),
        'spikes per s': Math.round(per('wallS')),
      });
    }
    return rows;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** The frames of the usual stream, as they would be recorded from NATS. */
async function writeRecording(path: string, frames: number): Promise<void> {
  const stream = spikeStream({
    ...USUAL_SHAPE,
    spikesPerFrame: SPIKES_PER_FRAME,
    encoding: 'msgpack',
  });
  const decoder = new FrameDecoder(FRAME_LIMITS);
  const writer = await SpkWriter.create(path, { name: 'bench' });
  for (let i = 0; i < frames; i++) {
    const command = Buffer.from(stream.next(1));
    const line = command.indexOf('\r\n');
    const subject = command.toString('latin1', 4, command.indexOf(' ', 4));
    const payload = command.subarray(line + 2, command.length - 2);
    const frame = decoder.decode(payload, parseSubject('spikeformer', subject), undefined);
    await writer.write(frame);
  }
  await writer.close();
}

interface Cost {
  readonly cpuS: number;
  readonly wallS: number;
}

/** What it costs to give every frame of the file to `take`. */
async function read(path: string, frames: number, take: (frame: Frame) => void): Promise<Cost> {
  const recording = await openRecording(path);
  const cpu = process.cpuUsage();
  const started = performance.now();
  let count = 0;
  for await (const frame of recording.frames(100_000)) {
    take(frame);
    count++;
  }
  const wallS = (performance.now() - started) / 1000;
  const { user, system } = process.cpuUsage(cpu);
  await recording.close();
  if (count !== frames) throw new Error(`${count} frames came of ${frames}`);
  return { cpuS: (user + system) / 1e6, wallS };
}

async function replayOnce(path: string, frames: number): Promise<Cost> {
  const pipelines = await loadPipelines();
  const config = loadConfig(pipelines, undefined, {}, { log_level: 'ERROR' });
  const telemetry = createOwnTelemetry(config, 'bench');
  const service = createService({ version: 'bench', config, telemetry, pipelines, ...NO_PARTS });
  const cost = await read(path, frames, (frame) => service.topology.inlet.frame(frame));
  await service.close();
  return cost;
}

async function analyzeOnce(path: string, frames: number): Promise<Cost> {
  const recording = await openRecording(path);
  const analyzer = new Analyzer(recording.info, { windowUs: 1_000_000, listsWindows: false });
  await recording.close();
  return await read(path, frames, (frame) => analyzer.next(frame));
}
