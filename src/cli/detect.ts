import { createReadStream } from 'node:fs';
import { Command } from 'commander';
import { ZodError } from 'zod';
import type { Detector } from '../component/detector.ts';
import { DETECTORS } from '../detectors/named-detectors.ts';
import { UsageError } from './config/config-error.ts';
import { nearest } from './config/nearest.ts';
import { note } from './progress.ts';
import { findColumns, parseRow, type SeriesColumns, type SeriesRow } from './series-row.ts';
import { tableLines } from './table-lines.ts';

interface DetectFlags {
  readonly detector: string;
  readonly set: readonly string[];
}

interface Tally {
  rows: number;
  anomalies: number;
  missing: number;
  backward: number;
}

const DEFAULT_DETECTOR = 'nearest';

export function detectCommand(): Command {
  const names = Object.entries(DETECTORS).map(([name, { summary }]) => `  ${name}: ${summary}`);
  return new Command('detect')
    .description('score every row of a CSV file of timestamp,value; the scores go to stdout')
    .argument('<file>', 'CSV with the columns timestamp and value, or two columns; - for stdin')
    .option('--detector <name>', 'what looks at the series', DEFAULT_DETECTOR)
    .option('--set <option=value>', 'an option of the detector; may come again', collect, [])
    .addHelpText('after', `\nDetectors:\n${names.join('\n')}`)
    .action(detect);
}

function collect(text: string, before: readonly string[]): string[] {
  return [...before, text];
}

async function detect(file: string, flags: DetectFlags): Promise<void> {
  const detector = createDetector(flags);
  const source = file === '-' ? process.stdin : createReadStream(file, { highWaterMark: 1 << 18 });
  const tally: Tally = { rows: 0, anomalies: 0, missing: 0, backward: 0 };
  const isGone = goneReader();
  try {
    await write('timestamp,value,anomaly_score\n');
    for await (const text of scoreRows(source, file === '-' ? 'stdin' : file, detector, tally)) {
      if (isGone()) return;
      await write(text);
    }
  } catch (error) {
    const isFile = error instanceof Error && 'syscall' in error;
    throw isFile ? new Error(`${file}: ${error.message}`, { cause: error }) : error;
  }
  remark(tally);
}

/** The detector that was asked for, with its options; a mistake names what was meant. */
function createDetector({ detector: name, set }: DetectFlags): Detector {
  if (!Object.hasOwn(DETECTORS, name)) {
    const known = Object.keys(DETECTORS);
    const meant = nearest(name, known);
    const hint = meant === undefined ? `there are ${known.join(', ')}` : `did you mean ${meant}?`;
    throw new UsageError(`--detector: no detector is called "${name}"; ${hint}`);
  }
  const options: Record<string, number | string> = {};
  for (const text of set) {
    const [option = '', ...rest] = text.split('=');
    const value = rest.join('=');
    if (value === '') throw new UsageError(`--set: needs option=value, got "${text}"`);
    options[option] = Number.isNaN(Number(value)) ? value : Number(value);
  }
  try {
    return (DETECTORS[name] as (typeof DETECTORS)[string]).create(options);
  } catch (error) {
    if (!(error instanceof ZodError)) throw error;
    const issue = error.issues[0];
    throw new UsageError(`--set: ${issue?.path.join('.')}: ${issue?.message}`);
  }
}

/** The rows of a piece of the file, each with its score. */
async function* scoreRows(
  source: AsyncIterable<Uint8Array>,
  name: string,
  detector: Detector,
  tally: Tally,
): AsyncGenerator<string> {
  let columns: SeriesColumns | undefined;
  let number = 0;
  let lastUs = Number.NEGATIVE_INFINITY;
  for await (const lines of tableLines(source)) {
    let text = '';
    for (const line of lines) {
      number++;
      if (line.trim() === '') continue;
      if (columns === undefined) {
        columns = findColumns(line) ?? undefined;
        if (columns !== undefined) continue;
        columns = { timestamp: 0, value: 1 };
      }
      const row = at(name, number, () => parseRow(line, columns as SeriesColumns));
      if (row.timeUs < lastUs) tally.backward++;
      lastUs = Math.max(lastUs, row.timeUs);
      text += `${row.timestamp},${row.value},${scoreOf(row, lastUs, detector, tally)}\n`;
    }
    if (text !== '') yield text;
  }
  if (tally.rows === 0) throw new Error(`${name}: no rows of timestamp,value are in it`);
}

function at<T>(name: string, line: number, read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw new Error(`${name}, line ${line}: ${(error as Error).message}`);
  }
}

function scoreOf(row: SeriesRow, timeUs: number, detector: Detector, tally: Tally): string {
  tally.rows++;
  if (Number.isNaN(row.number)) {
    tally.missing++;
    return '';
  }
  const { score, isAnomalous } = detector.next(timeUs, row.number);
  if (isAnomalous) tally.anomalies++;
  return String(score);
}

function remark({ rows, anomalies, missing, backward }: Tally): void {
  note(`${rows} rows, ${anomalies} of them anomalous`);
  if (missing > 0) note(`${missing} rows have no value: they have no score, and count for none`);
  if (backward > 0) {
    note(`${backward} rows are earlier than one before: they were taken in the file's order`);
  }
}

/** Whether whoever read stdout went away, as `| head` does: that is no failure. */
function goneReader(): () => boolean {
  let isGone = false;
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
    isGone = true;
  });
  return () => isGone;
}

/** Waits while the reader has not taken what was written. */
async function write(text: string): Promise<void> {
  if (process.stdout.write(text) || process.stdout.destroyed) return;
  await new Promise<void>((resolve) => {
    const done = (): void => {
      process.stdout.off('drain', done).off('close', done);
      resolve();
    };
    process.stdout.on('drain', done).on('close', done);
  });
}
