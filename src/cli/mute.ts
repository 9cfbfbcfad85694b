import { Command } from 'commander';
import { MUTE_LIMITS, type MuteOrder, muteLine } from '../anomalies/mute-line.ts';
import { parseDurationUs } from '../component/duration.ts';
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

const DAYS_MAX = MUTE_LIMITS.usMax / 86_400_000_000;

type Place = Pick<MuteOrder, 'deviceType' | 'chipId' | 'layerName'>;

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
  if (
    durationUs === undefined ||
    durationUs < MUTE_LIMITS.usMin ||
    durationUs > MUTE_LIMITS.usMax
  ) {
    throw new UsageError(`--for needs a time from 1s to ${DAYS_MAX}d, got "${flags.for}"`);
  }
  const reason = requireReason(flags.reason);
  await send(flags, places, { reason, durationUs });
  await printResult(`${texts.join(', ')}: muted for ${flags.for}\n`);
}

async function unmute(
  texts: readonly string[],
  flags: NatsFlags & { readonly reason: string },
): Promise<void> {
  const places = texts.map(placeOf);
  const reason = requireReason(flags.reason);
  await send(flags, places, { reason, durationUs: undefined });
  await printResult(`${texts.join(', ')}: muted no more\n`);
}

function placeOf(text: string): Place {
  const [deviceType = '', chipId = '', ...rest] = text.split('/');
  const layer = rest.join('/');
  const isPlace =
    isToken(deviceType) &&
    isToken(chipId) &&
    (rest.length === 0 || (layer !== '' && layer.length <= MUTE_LIMITS.nameCharsMax));
  if (isPlace) return { deviceType, chipId, layerName: rest.length === 0 ? undefined : layer };
  throw new UsageError(
    `"${text}" is no place: name a chip as loihi2/0, or a layer as loihi2/0/attention`,
  );
}

function requireReason(text: string): string {
  const reason = text.trim();
  if (reason !== '' && reason.length <= MUTE_LIMITS.reasonCharsMax) return reason;
  throw new UsageError(
    `--reason needs 1 to ${MUTE_LIMITS.reasonCharsMax} characters, so that others know why`,
  );
}

async function send(
  flags: NatsFlags,
  places: readonly Place[],
  wish: Pick<MuteOrder, 'reason' | 'durationUs'>,
): Promise<void> {
  const config = await natsConfig(flags);
  const link = notedLink(config);
  const stop = stopSignal();
  const connection = await link.open(stop);
  const publisher = new FramePublisher(connection, { prefix: config.prefix }, stop);
  const user = process.env['USER'];
  for (const place of places) {
    await publisher.write(muteLine({ ...place, ...wish, user }, Date.now() * 1000));
  }
  await publisher.flush();
  await link.close();
}
