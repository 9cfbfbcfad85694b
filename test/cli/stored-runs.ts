import { RATE_LE_HZ } from '../../src/numerics/rate-buckets.ts';
import type { StoredDocument } from '../../src/sinks/documents/document.ts';
import { SqliteStore } from '../../src/sinks/documents/sqlite/sqlite-store.ts';
import { KEEPS_ALL } from '../documents/sqlite/store-folder.ts';

/** Three runs of 200 neurons: two alike but for their power, one that fires more. */
export async function writeRuns(file: string): Promise<void> {
  const store = new SqliteStore({ file, limits: KEEPS_ALL, deleted: () => {}, failed: () => {} });
  const { signal } = new AbortController();
  await store.setup(signal);
  const documents = [
    ...runDocuments('run-a', 0, 15, 1),
    ...runDocuments('run-b', 1e9, 15, 2),
    ...runDocuments('run-fast', 2e9, 30, 1),
  ];
  const outcomes = await store.write(documents, signal);
  if (outcomes.some((outcome) => outcome !== 'created')) throw new Error(`wrote ${outcomes}`);
  await store.close();
}

function runDocuments(run_id: string, fromUs: number, rateHz: number, watts: number) {
  const startUs = 1_764_000_000_000_000 + fromUs;
  const chip = { device_type: 'loihi2', chip_id: '0', run_id };
  const documents: StoredDocument[] = [];
  const add = (index: StoredDocument['index'], k: number, fields: StoredDocument['fields']) => {
    const t0_us = startUs + k * 1_000_000;
    const id = `${run_id}-${index}-${k}`;
    documents.push({ id, index, timeUs: t0_us, fields: { t0_us, span_us: 1_000_000, ...fields } });
  };
  const bucket = RATE_LE_HZ.findIndex((le) => rateHz <= le);
  const rate_histogram = [...RATE_LE_HZ, 0].map((_, i) => (i === bucket ? 200 : 0));
  for (let k = 0; k < 5; k++) {
    const layer = { layer_name: 'E', neuron_type: 'lif', neuron_count: 200 };
    const spikes = 200 * rateHz;
    add('rates', k, { ...chip, ...layer, spikes, mean_rate_hz: rateHz, rate_histogram });
    const energy_joules = 100 + k * watts;
    add('power', k, { ...chip, rail: 'total', component: 'total', watts, energy_joules });
  }
  const totals = { frames: 10, spikes: 1000 * rateHz, energy_joules: 5 * watts, frames_lost: 0 };
  add('runs', 0, { run_id, hardware: 'loihi2', chips: 1, ...totals, is_complete: true });
  return documents;
}
