import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { CheckpointContent } from '../../src/topology/checkpoint-file.ts';

/** A folder that goes with the test. */
export function testFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'spikescope-checkpoints-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** A checkpoint with a state of every type that a snapshot may have. */
export function checkpointContent(sequence = 7): CheckpointContent {
  return {
    version: 1,
    writtenAt: '2026-11-29T08:00:00.000Z',
    service: '0.0.0',
    stream: 'SPIKEFORMER',
    streamCreated: '2026-11-28T08:00:00.123456789Z',
    sequence,
    stored: { sequence, records: 2 },
    documentsTo: 3,
    pipelines: { power: 'abc' },
    configHash: 'def',
    states: {
      'power/energy': {
        bytes: Uint8Array.of(1, 2, 255),
        ids: Uint32Array.of(0, 2 ** 32 - 1),
        watts: Float32Array.of(0.5, Number.NaN, -0),
        joules: Float64Array.of(Number.MAX_VALUE, Number.NEGATIVE_INFINITY),
      },
      'power/nothing': null,
      'power/plain': [true, 'µ', -0, Number.NaN, 2 ** 53 - 1, [], {}],
    },
    metrics: { neuromorphic_energy_joules_total: [[['loihi2', '0'], false, [1.5, 0.25]]] },
  };
}
