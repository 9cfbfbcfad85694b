import { randomUUID } from 'node:crypto';
import { Command } from 'commander';
import { parseDurationUs } from '../component/duration.ts';
import type { Encoding } from '../frames/encode.ts';
import { openRecording } from '../recordings/open.ts';
import type { Recording } from '../recordings/recording.ts';
import { TimeSlice } from '../recordings/time-slice.ts';
import type { NatsLink } from '../sources/nats-link.ts';
import { play } from '../sources/play.ts';
import { parseSpeed } from './address.ts';
import { UsageError } from './config/config-error.ts';
import { FramePublisher } from './frame-publisher.ts';
import { addNatsFlags, type NatsFlags, natsConfig, notedLink } from './nats-flags.ts';
import { parseFrameSpan } from './output-flags.ts';
import { note, Progress } from './progress.ts';
import { stopSignal } from './stop-signal.ts';

interface ReplayFlags extends NatsFlags {
  readonly speed: string;
  readonly from?: string;
  readonly to?: string;
  readonly rebase?: string;
  readonly loop?: boolean;
  readonly encoding: string;
  readonly frameSpan: string;
  readonly dense?: boolean;
}

/** How a recording is to be played, as the flags say. */
interface Playing {
  readonly path: string;
  readonly prefix: string;
  readonly encoding: Encoding;
  readonly dense: boolean | undefined;
  readonly speed: number;
  readonly frameSpanUs: number;
  readonly rebases: boolean;
  readonly loop: boolean;
  /** µs after the recording's start. */
  readonly fromUs: number;
  readonly toUs: number;
}

export function replayCommand(): Command {
  const command = new Command('replay')
    .description('publish a recording to NATS as frames, its times kept')
    .argument('<recording>', 'file or folder')
    .option('--speed <n|max>', 'times real time, or as fast as it goes', '1')
    .option('--from <time>', 'leave out what ends before, from the start of the recording')
    .option('--to <time>', 'leave out what begins then or later, from the start of the recording')
    .option('--rebase <now>', 'now: shift the times so that the first moment is now')
    .option('--loop', 'again and again, each pass shifted so that time goes on')
    .option('--encoding <msgpack|json>', 'how frames are written', 'msgpack')
    .option('--frame-span <time>', 'time that one frame covers, where there are none', '100ms')
    .option('--dense', 'spikes in denser columns where that is exact')
    .option('--no-dense', 'spikes in the columns that every reader knows');
  return addNatsFlags(command).action(replay);
}

async function replay(path: string, flags: ReplayFlags): Promise<void> {
  const config = await natsConfig(flags);
  const playing: Playing = {
    path,
    prefix: config.prefix,
    encoding: parseEncoding(flags.encoding),
    dense: flags.dense,
    speed: parseSpeed(flags.speed),
    frameSpanUs: parseFrameSpan(flags.frameSpan),
    rebases: parseRebase(flags.rebase),
    loop: flags.loop === true,
    ...parseStretch(flags),
  };
  // The recording is looked at before anything connects: a wrong path is said at once.
  const recording = await openStretch(playing);
  for (const text of recording.notes.remarks) note(text);
  await recording.close();
  const signal = stopSignal();
  const link = notedLink(config);
  try {
    const sent = await publish(playing, link, signal);
    process.stdout.write(`${JSON.stringify(sent)}\n`);
  } finally {
    await link.close();
  }
}

function parseEncoding(text: string): Encoding {
  if (text === 'msgpack' || text === 'json') return text;
  throw new UsageError(`--encoding needs msgpack or json, got "${text}"`);
}

function parseRebase(text: string | undefined): boolean {
  if (text === undefined || text === 'now') return text === 'now';
  throw new UsageError(`--rebase takes now, got "${text}"`);
}

function parseStretch(flags: ReplayFlags): { readonly fromUs: number; readonly toUs: number } {
  const time = (flag: string, text: string | undefined, none: number) => {
    const us = text === undefined ? none : parseDurationUs(text);
    if (us !== undefined) return us;
    throw new UsageError(`${flag} needs a time such as 250ms, 1.5s or 5m, got "${text}"`);
  };
  const fromUs = time('--from', flags.from, 0);
  const toUs = time('--to', flags.to, Number.POSITIVE_INFINITY);
  if (fromUs < toUs) return { fromUs, toUs };
  throw new UsageError(`--to ${flags.to} is not after --from ${flags.from ?? 0}`);
}

async function openStretch({ path, fromUs, toUs }: Playing): Promise<Recording> {
  const whole = await openRecording(path);
  if (fromUs === 0 && toUs === Number.POSITIVE_INFINITY) return whole;
  const { startUs, durationUs } = whole.info;
  if (startUs + fromUs <= durationUs) return new TimeSlice(whole, startUs + fromUs, startUs + toUs);
  await whole.close();
  throw new UsageError(
    `--from lies behind the end: ${path} covers ${(durationUs - startUs) / 1e6} s`,
  );
}

async function publish(
  playing: Playing,
  link: NatsLink,
  signal: AbortSignal,
): Promise<{ frames: number; bytes: number }> {
  const connection = await link.open(signal);
  const { prefix, encoding, dense } = playing;
  const publisher = new FramePublisher(connection, { prefix, encoding, dense }, signal);
  let frames = 0;
  const progress = new Progress('replayed', 'frames');
  const options = {
    open: () => openStretch(playing),
    speed: playing.speed,
    frameSpanUs: playing.frameSpanUs,
    loop: playing.loop,
    rebaseToUs: playing.rebases ? Date.now() * 1000 : undefined,
    emitter: `replay-${randomUUID()}`,
  };
  await play(
    options,
    (frame) => {
      progress.at(++frames);
      return publisher.write(frame);
    },
    signal,
  );
  await publisher.flush();
  progress.end();
  return { frames, bytes: publisher.bytes };
}
