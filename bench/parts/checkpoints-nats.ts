import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { setUpStreams, streamNames, wantedStreams } from '../../src/sources/jetstream-streams.ts';
import { streamOptions } from '../../src/sources/stream-options.ts';
import { CheckpointBucket } from '../../src/topology/checkpoint-bucket.ts';
import type { CheckpointContent } from '../../src/topology/checkpoint-file.ts';
import { CheckpointFolder } from '../../src/topology/checkpoint-folder.ts';
import { startNatsServer } from '../../test/integration/nats-server.ts';
import { type BenchOptions, median, type Row } from './report.ts';

const SIZES_MIB = [0.25, 1, 4, 16];
const WRITES = 7;

/** What it takes to keep a checkpoint, by its size: in files, and in the bucket of NATS. */
export async function checkpointsNats({ rounds }: BenchOptions): Promise<Row[]> {
  const nats = await startNatsServer({ jetStream: 'max_file: 40G' });
  const connection = await connect({ servers: nats.url });
  const folder = mkdtempSync(join(tmpdir(), 'spikescope-bench-checkpoints-'));
  try {
    const manager = await jetstreamManager(connection);
    const options = streamOptions.parse({ partitions: 2, state_bytes_max: 2 ** 30 });
    await setUpStreams(manager, wantedStreams('bench', options, undefined), { change: false });
    const bucket = new CheckpointBucket({
      connection: () => connection,
      stream: streamNames(options.name).state,
      part: 'p0',
      owner: 'bench',
    });
    await bucket.newest();
    const files = new CheckpointFolder(folder);
    const rows: Row[] = [];
    for (const mib of SIZES_MIB) {
      const [ofFile, ofNats, loads]: number[][] = [[], [], []];
      for (let i = 0; i < WRITES * rounds; i++) {
        const content = contentOf(i, mib);
        ofFile?.push(await msOf(() => files.write(content)));
        ofNats?.push(await msOf(() => bucket.write(content)));
        loads?.push(await msOf(() => bucket.newest()));
      }
      const [file, inNats, load] = [ofFile, ofNats, loads].map((list) => median(list ?? []));
      rows.push({
        'state, MiB': mib,
        'to a file, ms': (file as number).toFixed(1),
        'to NATS, ms': (inNats as number).toFixed(1),
        times: ((inNats as number) / (file as number)).toFixed(1),
        'taken over from NATS, ms': (load as number).toFixed(1),
      });
    }
    return rows;
  } finally {
    rmSync(folder, { recursive: true, force: true });
    await connection.close();
    await nats.stop();
  }
}

async function msOf(work: () => Promise<unknown>): Promise<number> {
  const beganMs = performance.now();
  await work();
  return performance.now() - beganMs;
}

function contentOf(sequence: number, mib: number): CheckpointContent {
  const bytes = new Uint8Array(mib * 1024 * 1024).fill(sequence % 256);
  return {
    ...{ version: 1, writtenAt: new Date().toISOString(), service: 'bench' },
    ...{ stream: 'SPIKEFORMER', streamCreated: '2026-11-28T08:00:00Z', sequence },
    ...{ stored: { sequence, records: null }, documentsTo: 0, pipelines: {}, configHash: '' },
    states: { 'bench/state': bytes },
    metrics: {},
  };
}
