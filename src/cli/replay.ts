import { randomUUID } from 'node:crypto';
import { headers } from '@nats-io/transport-node';
import { Command } from 'commander';
import { parseDurationUs } from '../component/duration.ts';
import { CONTENT_TYPES, type Encoding, FrameEncoder } from '../frames/encode.ts';
import { formatSubject, isPrefix, PREFIX_DEFAULT } from '../frames/subject.ts';
import { openRecording } from '../recordings/open.ts';
import { NatsLink } from '../sources/nats-link.ts';
import { natsOptions } from '../sources/nats-options.ts';
import { play } from '../sources/play.ts';
import { parseSpeed } from './address.ts';
import { UsageError } from './config/config-error.ts';
import { checkSettings } from './config/settings.ts';
import { Progress } from './progress.ts';
import { stopSignal } from './stop-signal.ts';

interface ReplayFlags {
  readonly speed: string;
  readonly nats: string;
  readonly prefix: string;
  readonly loop?: boolean;
  readonly encoding: string;
  readonly frameSpan: string;
}

/** Unacknowledged bytes that may wait in the client before the player waits for the server. */
const PENDING_BYTES_MAX = 4 * 1024 * 1024;

export function replayCommand(): Command {
  return new Command('replay')
    .description('publish a recording to NATS as frames, its times kept')
    .argument('<recording>', 'file or folder')
    .option('--speed <n|max>', 'times real time, or as fast as it goes', '1')
    .option('--nats <url>', 'NATS server', 'nats://127.0.0.1:4222')
    .option('--prefix <prefix>', 'first tokens of every subject', PREFIX_DEFAULT)
    .option('--loop', 'again and again, each pass shifted so that time goes on')
    .option('--encoding <msgpack|json>', 'how frames are written', 'msgpack')
    .option('--frame-span <time>', 'time that one frame covers', '100ms')
    .action(replay);
}

async function replay(path: string, flags: ReplayFlags): Promise<void> {
  const speed = parseSpeed(flags.speed);
  const frameSpanUs = parseDurationUs(flags.frameSpan);
  if (frameSpanUs === undefined || frameSpanUs < 1000 || frameSpanUs > 60_000_000) {
    throw new UsageError(`--frame-span needs a time from 1ms to 60s, got "${flags.frameSpan}"`);
  }
  if (!isPrefix(flags.prefix)) throw new UsageError(`--prefix: "${flags.prefix}" is no prefix`);
  if (flags.encoding !== 'msgpack' && flags.encoding !== 'json') {
    throw new UsageError(`--encoding needs msgpack or json, got "${flags.encoding}"`);
  }
  // The recording is looked at before anything connects: a wrong path is said at once.
  await (await openRecording(path)).close();
  const signal = stopSignal();
  const link = new NatsLink(checkSettings(natsOptions, { servers: flags.nats }, '--nats'), {
    waiting: (server, reason) => note(`waiting for NATS at ${server}: ${reason}`),
    connected: () => {},
    disconnected: (server, reason) => note(`lost NATS at ${server}: ${reason}`),
    reconnected: (server) => note(`connected to NATS at ${server} again`),
    refused: (text) => note(`NATS refuses: ${text}`),
  });
  try {
    const sent = await publish(path, { ...flags, encoding: flags.encoding }, link, signal, {
      speed,
      frameSpanUs,
    });
    process.stdout.write(`${JSON.stringify(sent)}\n`);
  } finally {
    await link.close();
  }
}

function note(text: string): void {
  process.stderr.write(`${text}\n`);
}

async function publish(
  path: string,
  flags: ReplayFlags & { readonly encoding: Encoding },
  link: NatsLink,
  signal: AbortSignal,
  pace: { readonly speed: number; readonly frameSpanUs: number },
): Promise<{ frames: number; bytes: number }> {
  const connection = await link.open(signal);
  const encoder = new FrameEncoder();
  const contentType = headers();
  contentType.set('Content-Type', CONTENT_TYPES[flags.encoding]);
  const sent = { frames: 0, bytes: 0 };
  let pendingBytes = 0;
  const progress = new Progress('replayed', 'frames');
  const options = {
    open: () => openRecording(path),
    loop: flags.loop === true,
    rebaseToUs: undefined,
    emitter: `replay-${randomUUID()}`,
    ...pace,
  };
  await play(
    options,
    (frame) => {
      const data = encoder.encode(frame, flags.encoding);
      connection.publish(formatSubject(flags.prefix, frame), data, { headers: contentType });
      sent.frames++;
      sent.bytes += data.length;
      progress.at(sent.frames);
      pendingBytes += data.length;
      if (pendingBytes < PENDING_BYTES_MAX) return undefined;
      pendingBytes = 0;
      return connection.flush();
    },
    signal,
  );
  await connection.flush();
  progress.end();
  return sent;
}
