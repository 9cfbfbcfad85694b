import { rm, stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { Command } from 'commander';
import { parseDurationUs } from '../component/duration.ts';
import type { OutputWriter } from '../recordings/recording-output.ts';
import { outputFormat } from '../recordings/recording-writers.ts';
import { ArrivalClock } from '../sources/arrival-clock.ts';
import { EVENT_LOOP, Inbox, inboxLimits } from '../sources/inbox.ts';
import { NatsSource } from '../sources/nats.ts';
import { adaptedSubjects, adaptersOf } from './adapted.ts';
import { UsageError } from './config/config-error.ts';
import type { Config } from './config/schema.ts';
import { addNatsFlags, type NatsFlags, natsConfig, notedLink } from './nats-flags.ts';
import { formatNames, requireOutput } from './output-flags.ts';
import { note, Progress } from './progress.ts';
import { Recorder } from './recorder.ts';
import { limitsOf } from './service.ts';
import { stopSignal } from './stop-signal.ts';

interface RecordFlags extends NatsFlags {
  readonly out: string;
  readonly for?: string;
  readonly format?: string;
  readonly compress?: boolean;
  readonly force?: boolean;
}

/** What others may read of a recording is at most so old, where its format can be read so. */
const FLUSH_EVERY_MS = 1000;
/** A timer takes no longer. */
const FOR_US_MAX = 24 * 24 * 3_600_000_000;

export function recordCommand(version: string): Command {
  const command = new Command('record')
    .description('frames from NATS to a recording')
    .requiredOption('--out <file>', 'file to write')
    .option('--for <time>', 'how long, from the first moment; by default until it is stopped')
    .option(`--format <${formatNames()}>`, 'format to write; what the suffix says, or spk')
    .option('--compress', 'pack a .spk file')
    .option('--force', 'replace the file when it is there');
  return addNatsFlags(command).action((flags: RecordFlags) => record(flags, version));
}

async function record(flags: RecordFlags, version: string): Promise<void> {
  const forUs = flags.for === undefined ? undefined : parseFor(flags.for);
  const name = flags.format ?? (outputFormat(flags.out, undefined) ? undefined : 'spk');
  const format = requireOutput(flags.out, { ...flags, ...(name && { format: name }) });
  const config = await natsConfig(flags);
  const link = notedLink(config);
  const signal = stopSignal();
  // No file comes to be as long as no server is there that takes this client.
  await link.open(signal).catch((error: unknown) => {
    throw signal.aborted ? new Error('stopped before NATS could be reached') : error;
  });
  if (flags.force === true) await rm(flags.out, { force: true });
  const header = {
    name: basename(flags.out),
    createdUs: Date.now() * 1000,
    producer: `spikescope ${version}`,
  };
  const options = { compress: flags.compress === true, remark: note };
  const writer = await format.create(flags.out, header, options);
  let counts: object;
  try {
    counts = await receive({ config, link, writer, forUs, out: flags.out, signal });
  } finally {
    await writer.close();
    await link.close();
  }
  const { size } = await stat(flags.out);
  const result = { recording: flags.out, format: format.name, bytes: size, ...counts };
  process.stdout.write(`${JSON.stringify({ ...result, ...leftOut(writer) })}\n`);
}

function parseFor(text: string): number {
  const us = parseDurationUs(text);
  if (us !== undefined && us > 0 && us <= FOR_US_MAX) return us;
  throw new UsageError(
    `--for needs a time such as 30s, 5m or 1h, of 24 days at most, got "${text}"`,
  );
}

function leftOut(writer: OutputWriter): object {
  if (writer.leftOut === undefined || writer.leftOut.size === 0) return {};
  return { frames_left_out: Object.fromEntries(writer.leftOut) };
}

interface Receiving {
  readonly config: Config;
  readonly link: ReturnType<typeof notedLink>;
  readonly writer: OutputWriter;
  readonly forUs: number | undefined;
  readonly out: string;
  readonly signal: AbortSignal;
}

/** Receives until the time is over, a signal says stop, or writing fails. */
async function receive({ config, link, writer, forUs, out, signal }: Receiving): Promise<object> {
  let dropped = 0;
  let failure: unknown;
  const ending = new AbortController();
  const fail = (error: unknown) => {
    failure ??= error;
    ending.abort();
  };
  const inbox = new Inbox(inboxLimits(config.nats.buffer_bytes), EVENT_LOOP, (_why, count) => {
    dropped += count;
  });
  const { prefix } = config;
  const limits = limitsOf(config);
  const adapters = adaptersOf(config.adapters, limits);
  const recorder = new Recorder({ prefix, limits, adapters, writer, inbox, failed: fail });
  const progress = new Progress('recorded', 'frames');
  let over: NodeJS.Timeout | undefined;
  const source = new NatsSource({
    link,
    prefix,
    adapted: adaptedSubjects(config),
    inbox,
    clock: new ArrivalClock(),
    listening: () => {
      const subjects = [`${prefix}.<kind>.>`, ...adaptedSubjects(config)].join(', ');
      note(`recording ${subjects} to ${out}; Ctrl-C ends it`);
      if (forUs !== undefined) over = setTimeout(() => ending.abort(), forUs / 1000);
    },
  });
  const flushes = setInterval(() => {
    progress.at(recorder.frames);
    writer.flush?.().catch(fail);
  }, FLUSH_EVERY_MS);
  try {
    await source.run(recorder, AbortSignal.any([signal, ending.signal]));
  } finally {
    clearInterval(flushes);
    clearTimeout(over);
    progress.end();
  }
  if (failure !== undefined) throw failure;
  return countsOf(recorder, dropped);
}

function countsOf(recorder: Recorder, dropped: number): object {
  const invalid = Object.fromEntries(recorder.invalid);
  const invalidCount = Object.values(invalid).reduce((sum, count) => sum + count, 0);
  if (invalidCount > 0) note(`${invalidCount} messages were no frames: ${JSON.stringify(invalid)}`);
  const { frames, samples, missing, repeated, recovered } = recorder;
  if (missing > 0) note(`${missing} frames never arrived, by their numbers`);
  if (dropped > 0)
    note(`${dropped} messages were dropped: they came faster than they were written`);
  return {
    frames,
    samples,
    invalid: invalidCount,
    invalid_reasons: invalid,
    frames_missing: missing,
    frames_repeated: repeated,
    frames_recovered: recovered,
    dropped,
  };
}
