import { parentPort, workerData } from 'node:worker_threads';
import { sampleCount } from '../../frames/frame.ts';
import { openRecording } from '../../recordings/open.ts';

/** What a recording holds; read in a thread of its own. */
export interface RecordingCount {
  readonly format: string;
  readonly duration_us: number;
  readonly layers: number;
  readonly spikes: number;
}

/** The span changes no count; fewer frames are less work. */
const FRAME_SPAN_US = 1_000_000;

async function count(path: string): Promise<RecordingCount> {
  const recording = await openRecording(path);
  try {
    const { format, durationUs, startUs } = recording.info;
    const layers = new Set(recording.info.layers.map(({ name }) => name));
    let spikes = 0;
    for await (const frame of recording.frames(FRAME_SPAN_US)) {
      if (frame.kind !== 'spikes') continue;
      spikes += sampleCount(frame);
      layers.add(frame.layerName);
    }
    return { format, duration_us: durationUs - startUs, layers: layers.size, spikes };
  } finally {
    await recording.close();
  }
}

parentPort?.postMessage(await count(workerData as string));
