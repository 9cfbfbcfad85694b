import type { CheckpointContent } from '../../src/topology/checkpoint-file.ts';

/** A checkpoint of 4 MiB in several sections: its writing takes its time. */
export function largeContent(sequence: number): CheckpointContent {
  const states = Object.fromEntries(
    Array.from({ length: 8 }, (_, i) => {
      return [`large/${i}`, new Float64Array(64 * 1024).fill(sequence + i)] as const;
    }),
  );
  return {
    version: 1,
    writtenAt: '2026-11-29T08:00:00.000Z',
    service: '0.0.0',
    stream: 'SPIKEFORMER',
    streamCreated: '2026-11-28T08:00:00Z',
    sequence,
    stored: { sequence, records: null },
    documentsTo: 0,
    pipelines: { large: 'abc' },
    configHash: 'def',
    states,
    metrics: {},
  };
}
