import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { Command } from 'commander';
import { openRecording } from '../recordings/open.ts';
import { play } from '../sources/play.ts';
import { parseAddress } from './address.ts';
import { loadConfig } from './config/load.ts';
import { loadPipelines } from './load-pipelines.ts';
import { createOwnTelemetry } from './own-telemetry.ts';
import { packageFolder } from './package-folder.ts';
import { createService, NO_PARTS } from './service.ts';
import { stopSignal } from './stop-signal.ts';

/** Real simulator output, played side by side as two chips; ORIGIN.md beside each says whose. */
const FOLDER = join(packageFolder(), 'fixtures/demo');
const RECORDINGS = ['nest-layered', 'sanafe-loihi'];
const FRAME_SPAN_US = 50_000;

interface DemoFlags {
  readonly http?: string;
}

export function demoCommand(version: string): Command {
  return new Command('demo')
    .description('play bundled recordings in a loop through every pipeline; needs nothing else')
    .option('--http <host:port>', 'where to serve (default 127.0.0.1:9464)')
    .action((flags: DemoFlags) => demo(flags, version));
}

async function demo(flags: DemoFlags, version: string): Promise<void> {
  const pipelines = await loadPipelines();
  const http = flags.http === undefined ? {} : parseAddress(flags.http);
  const given = loadConfig(pipelines, undefined, process.env, { http });
  const config = { ...given, http: { ...given.http, recordings: given.http.recordings ?? FOLDER } };
  const telemetry = createOwnTelemetry(config, version);
  const service = createService({ version, config, telemetry, pipelines, ...NO_PARTS });
  const signal = stopSignal();
  try {
    const { url } = await service.serve(`demo: ${RECORDINGS.join(', ')}`, () => undefined);
    telemetry.log.info(`playing ${RECORDINGS.join(' and ')}; metrics at ${url}/metrics`);
    const nowUs = Date.now() * 1000;
    const playing = RECORDINGS.map((name) =>
      play(
        {
          open: () => openRecording(join(FOLDER, name)),
          speed: 1,
          loop: true,
          rebaseToUs: nowUs,
          frameSpanUs: FRAME_SPAN_US,
          emitter: `demo-${randomUUID()}`,
        },
        (frame) => service.topology.inlet.frame(frame),
        signal,
      ),
    );
    await Promise.all(playing);
  } finally {
    await service.close();
  }
}
