import { cp, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { stringify } from 'yaml';
import {
  DOCUMENTS_CONSUMER,
  documentsConsumer,
  setUpStreams,
  streamNames,
  wantedStreams,
} from '../../src/sources/jetstream-streams.ts';
import { streamOptions } from '../../src/sources/stream-options.ts';
import { NatsServer } from '../../test/integration/nats-server.ts';
import { atRest } from './at-rest.ts';
import { CounterWatch } from './counter-watch.ts';
import type { DocumentServer } from './document-server.ts';
import { sumOf } from './exposition.ts';
import { freePort, ServiceUnderFire } from './service-under-fire.ts';
import { SmallDisk } from './small-disk.ts';

export const STREAMS = streamNames('SPIKEFORMER');

/** A checkpoint of the known stream takes far less; two generations and a third in the making. */
const DISK_MIB = 24;
const POLL_MS = 100;
const MAKE_MS_MAX = 60_000;
const STREAM_SETTINGS = { bytes_max: 1024 ** 3 };

/**
 * What depends on the clock is made impossible: no chip, run or conversion is given up for silence.
 * One chip that never sends is watched, so that the chips of the stream are not: what the monitor
 * finds of it are frames of emitter `spikescope`, in the stream like all others.
 */
export const NOTHING_BY_THE_CLOCK = {
  health: {
    ...{ chips_max: 1, chips: [{ device_type: 'cpu', chip_id: 'unwatched' }] },
    ...{ silence: '24h', check_interval: '24h', retry_interval: '24h' },
  },
  silence: { after: '24h', forget: '720h' },
  runs: { silence: '24h' },
  conversions: { timeout: '30d' },
};

export interface ArenaOptions {
  readonly folder: string;
  readonly delivery: string;
  readonly documents: DocumentServer;
  /** Further settings of the service. */
  readonly settings: object;
}

/** One run's servers, state and service, all in one folder. */
export class Arena {
  readonly nats: NatsServer;
  readonly disk: SmallDisk;
  readonly documents: DocumentServer;
  readonly service: ServiceUnderFire;
  readonly watch: CounterWatch;
  readonly stateFolder: string;
  readonly logFile: string;

  private constructor(options: ArenaOptions, nats: NatsServer, disk: SmallDisk, port: number) {
    const { folder, delivery, documents } = options;
    this.nats = nats;
    this.disk = disk;
    this.documents = documents;
    this.stateFolder = join(disk.folder, 'spikescope');
    this.logFile = join(folder, 'service.log');
    this.service = new ServiceUnderFire({
      ...{ natsUrl: nats.url, stateFolder: this.stateFolder, logFile: this.logFile },
      ...{ configFile: join(folder, 'spikescope.yaml'), port, delivery },
    });
    this.watch = new CounterWatch(this.service.url);
  }

  static async open(options: ArenaOptions): Promise<Arena> {
    const { folder, settings, documents } = options;
    const natsFolder = join(folder, 'nats');
    await mkdir(natsFolder, { recursive: true });
    const nats = new NatsServer(natsFolder, { jetStream: true });
    await nats.start();
    await makeStreams(nats.url);
    const config = {
      ...NOTHING_BY_THE_CLOCK,
      nats: { reconnect_wait: '50ms' },
      streams: STREAM_SETTINGS,
      documents: documents.settings,
      ...settings,
    };
    await writeFile(join(folder, 'spikescope.yaml'), stringify(config));
    const disk = new SmallDisk(join(folder, 'disk'), DISK_MIB);
    return new Arena(options, nats, disk, await freePort());
  }

  /**
   * The stream of frames of another arena, whose server does not run, as if it had been published
   * here: the same messages at the same places and times, of the same stream.
   */
  static async withStreamOf(other: Arena, options: ArenaOptions): Promise<Arena> {
    const stored = join('streams/jetstream/$G/streams', STREAMS.frames);
    const from = join(other.nats.folder, stored);
    const to = join(options.folder, 'nats', stored);
    await mkdir(to, { recursive: true });
    await cp(from, to, { recursive: true, filter: (path) => !path.endsWith('/obs') });
    return await Arena.open(options);
  }

  /**
   * Waits until all of the stream is counted, and all that was derived is in the store; gives what
   * it waited for in vain.
   */
  async settled(withinMs: number): Promise<string | undefined> {
    const look = (): Promise<object> => {
      this.service.start();
      return this.state();
    };
    return await atRest({ withinMs, pollMs: POLL_MS, looks: 5, look });
  }

  /** What stands still when all is done; `missing` says what is not done yet. */
  private async state(): Promise<object> {
    const exposed = await this.watch.scrape();
    if (exposed === undefined) return { missing: 'the service does not answer' };
    if (exposed.gauges.get('spikescope_catching_up') === 1) {
      return { missing: 'the service is catching up' };
    }
    const { counters } = exposed;
    const counted =
      sumOf(counters, 'spikescope_frames_total') +
      sumOf(counters, 'spikescope_frames_invalid_total') +
      sumOf(counters, 'spikescope_frames_repeated_total');
    const connection = await connect({ servers: this.nats.url });
    try {
      const manager = await jetstreamManager(connection);
      const { last_seq } = (await manager.streams.info(STREAMS.derived)).state;
      const consumer = await manager.consumers.info(STREAMS.derived, DOCUMENTS_CONSUMER);
      const waiting = consumer.num_pending + consumer.num_ack_pending;
      if (waiting > 0) return { missing: `${waiting} records are no documents yet` };
      return { counted, last_seq };
    } finally {
      await connection.close();
    }
  }

  async close(): Promise<void> {
    await this.watch.stop();
    await this.service.kill();
    await this.documents.close();
    await this.nats.kill();
    this.disk.close();
  }
}

/** The emitters may begin before the service has: so the streams are there first. */
async function makeStreams(url: string): Promise<void> {
  const connection = await connect({ servers: url });
  try {
    const options = streamOptions.parse(STREAM_SETTINGS);
    const wanted = wantedStreams('spikeformer', options, documentsConsumer('spikeformer'));
    const manager = await jetstreamManager(connection, { timeout: MAKE_MS_MAX });
    await setUpStreams(manager, wanted, { change: false });
  } finally {
    await connection.close();
  }
}
