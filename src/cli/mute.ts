import { Command } from 'commander';
import { MUTE, UNMUTE } from '../anomalies/mutes.ts';
import { parseDurationUs } from '../component/duration.ts';
import type { LogFrame } from '../frames/log.ts';
import { isToken } from '../frames/subject.ts';
import { UsageError } from './config/config-error.ts';
import { FramePublisher } from './frame-publisher.ts';
import { addNatsFlags, type NatsFlags, natsConfig, notedLink } from './nats-flags.ts';
import { printResult } from './print-result.ts';
import { stopSignal } from './stop-signal.ts';

interface MuteFlags extends NatsFlags {
  readonly for: string;
  readonly reason: string;
}

const DAYS_MAX = 30;
const US_MAX = DAYS_MAX * 86_400_000_000;
const REASON_CHARS_MAX = 1024;
const NAME_CHARS_MAX = 128;

interface Place {
  readonly deviceType: string;
  readonly chipId: string;
  readonly layerName: string | undefined;
}

export function muteCommand(): Command {
  return addNatsFlags(new Command('mute'))
    .description('have incidents of chips or layers counted, but nobody woken by them, for a time')
    .argument('<place...>', 'chips as DEVICE/CHIP, layers as DEVICE/CHIP/LAYER')
    .requiredOption('--for <time>', 'how long, such as 10m, by the event time of the chip')
    .requiredOption('--reason <text>', 'why; it is recorded')
    .action(mute);
}

export function unmuteCommand(): Command {
  return addNatsFlags(new Command('unmute'))
    .description('take back a mute before its time')
    .argument('<place...>', 'as they were muted')
    .option('--reason <text>', 'why; it is recorded', 'taken back')
    .action(unmute);
}

async function mute(texts: readonly string[], flags: MuteFlags): Promise<void> {
  const places = texts.map(placeOf);
  const durationUs = parseDurationUs(flags.for);
  if (durationUs === undefined || durationUs < 1_000_000 || durationUs > US_MAX) {
    throw new UsageError(`--for needs a time from 1s to ${DAYS_MAX}d, got "${flags.for}"`);
  }
  const reason = requireReason(flags.reason);
  await send(flags, places, (place) => lineOf(place, MUTE, reason, durationUs));
  await printResult(`${texts.join(', ')}: muted for ${flags.for}\n`);
}

async function unmute(
  texts: readonly string[],
  flags: NatsFlags & { readonly reason: string },
): Promise<void> {
  const places = texts.map(placeOf);
  const reason = requireReason(flags.reason);
  await send(flags, places, (place) => lineOf(place, UNMUTE, reason, undefined));
  await printResult(`${texts.join(', ')}: muted no more\n`);
}

function placeOf(text: string): Place {
  const [deviceType = '', chipId = '', ...rest] = text.split('/');
  const layer = rest.join('/');
  const isPlace =
    isToken(deviceType) &&
    isToken(chipId) &&
    (rest.length === 0 || (layer !== '' && layer.length <= NAME_CHARS_MAX));
  if (isPlace) return { deviceType, chipId, layerName: rest.length === 0 ? undefined : layer };
  throw new UsageError(
    `"${text}" is no place: name a chip as loihi2/0, or a layer as loihi2/0/attention`,
  );
}

function requireReason(text: string): string {
  const reason = text.trim();
  if (reason !== '' && reason.length <= REASON_CHARS_MAX) return reason;
  throw new UsageError(
    `--reason needs 1 to ${REASON_CHARS_MAX} characters, so that others know why`,
  );
}

async function send(
  flags: NatsFlags,
  places: readonly Place[],
  make: (place: Place) => LogFrame,
): Promise<void> {
  const config = await natsConfig(flags);
  const link = notedLink(config);
  const stop = stopSignal();
  const connection = await link.open(stop);
  const publisher = new FramePublisher(connection, { prefix: config.prefix }, stop);
  for (const place of places) await publisher.write(make(place));
  await publisher.flush();
  await link.close();
}

/** What is asked for goes as a log line of the chip: into the stream, recordings and replays. */
function lineOf(
  { deviceType, chipId, layerName }: Place,
  eventType: string,
  reason: string,
  durationUs: number | undefined,
): LogFrame {
  const user = process.env['USER'] ?? '';
  return {
    kind: 'log',
    ...{ deviceType, chipId, t0Us: Date.now() * 1000, spanUs: 0, seq: undefined },
    ...{ runId: undefined, emitter: undefined, arrivedUs: Number.NaN, restarts: 0 },
    level: 'INFO',
    text: reason,
    line: undefined,
    eventType,
    names: new Map([
      ['logger', 'spikeformer.neuromorphic'],
      ...(layerName === undefined ? [] : ([['layer_name', layerName]] as const)),
      ...(user === '' ? [] : ([['user_id', user]] as const)),
    ]),
    ...{ errorMessage: undefined, requiresAttention: undefined },
    ...{ spikeCount: undefined, timestep: undefined, spikeRate: undefined },
    ...(durationUs !== undefined && { durationUs }),
  };
}
