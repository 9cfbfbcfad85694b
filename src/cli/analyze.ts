import { Command } from 'commander';
import { WINDOWS_MAX } from '../analysis/analysis-budget.ts';
import { Analyzer } from '../analysis/analyzer.ts';
import { parseDurationUs } from '../component/duration.ts';
import type { Frame } from '../frames/frame.ts';
import { openRecording } from '../recordings/open.ts';
import type { Recording } from '../recordings/recording.ts';
import { analysisTable } from './analysis-table.ts';
import { UsageError } from './config/config-error.ts';
import { HtmlReport } from './html-report.ts';
import { addOpenFlags, type OpenFlags, openOptions } from './open-flags.ts';
import { OpenMetricsExport } from './openmetrics-export.ts';
import { printResult } from './print-result.ts';
import { Progress } from './progress.ts';

interface AnalyzeFlags extends OpenFlags {
  readonly json?: boolean;
  readonly window?: string;
  readonly openmetrics?: string;
  readonly html?: string;
  readonly frameSpan?: string;
}

const WINDOW_DEFAULT_US = 1_000_000;
const FRAME_SPAN_DEFAULT_US = 100_000;
/** Frames between two looks at the progress. */
const FRAMES_A_LOOK = 256;

export function analyzeCommand(version: string): Command {
  return addOpenFlags(new Command('analyze'))
    .description('the numbers of a recording, by the same pipelines as live, at full speed')
    .argument('<recording>', 'file or folder')
    .option('--json', 'print one JSON object (docs/analyze.md) instead of a table')
    .option('--window <time>', 'list the rates of windows of this length (1s where not listed)')
    .option('--html <file>', 'write a report with pictures: one page that needs nothing else')
    .option('--openmetrics <file>', 'write the metrics with their times, to backfill Prometheus')
    .option('--frame-span <time>', 'time that one frame covers; changes no result (default 100ms)')
    .action((path: string, flags: AnalyzeFlags) => analyze(path, flags, version));
}

async function analyze(path: string, flags: AnalyzeFlags, version: string): Promise<void> {
  const windowUs = timeFlag('--window', flags.window, WINDOW_DEFAULT_US);
  const recording = await openRecording(path, openOptions(flags));
  let report: HtmlReport | undefined;
  try {
    const { info, notes } = recording;
    requireWindows(recording, windowUs, flags.window);
    if (flags.html !== undefined) report = await HtmlReport.create(flags.html, info, version);
    const metrics =
      flags.openmetrics === undefined
        ? undefined
        : await OpenMetricsExport.create(flags.openmetrics, info, windowUs);
    const analyzer = new Analyzer(info, { windowUs, listsWindows: flags.window !== undefined });
    await readThrough(recording, frameSpanUs(flags, windowUs), (frame) => {
      const isTaken = analyzer.next(frame);
      if (isTaken) metrics?.next(frame);
      report?.next(frame, isTaken);
    });
    const { analysis, remarks } = analyzer.finish(notes);
    await metrics?.finish();
    const said = [...notes.remarks, ...remarks];
    await report?.finish(analysis, said);
    for (const text of said) process.stderr.write(`${text}\n`);
    await printResult(flags.json ? `${JSON.stringify(analysis)}\n` : analysisTable(analysis));
  } finally {
    await report?.abandon();
    await recording.close();
  }
}

async function readThrough(
  recording: Recording,
  spanUs: number,
  take: (frame: Frame) => void,
): Promise<void> {
  const progress = new Progress('analyzed', 'frames');
  let frames = 0;
  for await (const frame of recording.frames(spanUs)) {
    take(frame);
    if (++frames % FRAMES_A_LOOK === 0) progress.at(frames);
  }
  progress.end();
}

function timeFlag(name: string, text: string | undefined, whenAbsentUs: number): number {
  if (text === undefined) return whenAbsentUs;
  const us = parseDurationUs(text);
  if (us !== undefined && us >= 1000 && us <= 3_600_000_000) return us;
  throw new UsageError(`${name} needs a time from 1ms to 1h, such as 100ms, got "${text}"`);
}

/** Frames end where windows do, so that what is exported at a window's end is of that window. */
function frameSpanUs({ frameSpan }: AnalyzeFlags, windowUs: number): number {
  if (frameSpan === undefined) {
    const us = commonDivisor(windowUs, FRAME_SPAN_DEFAULT_US);
    return us < 1000 ? FRAME_SPAN_DEFAULT_US : us;
  }
  const us = timeFlag('--frame-span', frameSpan, FRAME_SPAN_DEFAULT_US);
  if (us <= 60_000_000) return us;
  throw new UsageError(`--frame-span needs a time from 1ms to 60s, got "${frameSpan}"`);
}

function commonDivisor(a: number, b: number): number {
  return b === 0 ? a : commonDivisor(b, a % b);
}

function requireWindows({ info }: Recording, windowUs: number, text: string | undefined): void {
  if (text === undefined) return;
  const lengthUs = info.durationUs - info.startUs;
  const windows = Math.floor(lengthUs / windowUs) * Math.max(1, info.layers.length);
  if (windows <= WINDOWS_MAX) return;
  const length = `${lengthUs / 1e6} s of ${info.layers.length} layers`;
  throw new UsageError(
    `--window ${text}: ${length} have ${windows} windows, at most ${WINDOWS_MAX} are listed; take \
a longer one`,
  );
}
