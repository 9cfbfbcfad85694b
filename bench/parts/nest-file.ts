import { open } from 'node:fs/promises';

const NEURONS = 10_000;
/** Spikes in a step of 0.1 ms, as NEST writes them. */
const SPIKES_A_STEP = 10;

/** A NEST .dat of 10,000 neurons that fire by chance, as many spikes in each step. */
export async function writeNest(path: string, spikes: number): Promise<void> {
  const file = await open(path, 'wx');
  let text = '# NEST version: 3.9.0\n# RecordingBackendASCII version: 2\nsender\ttime_ms\n';
  let state = 1;
  for (let i = 0; i < spikes; i++) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    const id = 1 + Math.floor((state / 2 ** 32) * NEURONS);
    text += `${id}\t${((1 + Math.floor(i / SPIKES_A_STEP)) / 10).toFixed(3)}\n`;
    if (text.length < 2 ** 20) continue;
    await file.write(text);
    text = '';
  }
  await file.write(text);
  await file.close();
}
