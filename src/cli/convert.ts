import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { rename, rm, stat } from 'node:fs/promises';
import { Command } from 'commander';
import { sampleCount } from '../frames/frame.ts';
import { openRecording } from '../recordings/open.ts';
import type { Recording } from '../recordings/recording.ts';
import type { OutputHeader, OutputWriter } from '../recordings/recording-output.ts';
import type { SpkHeader } from '../recordings/spk-header.ts';
import { UsageError } from './config/config-error.ts';
import { addOpenFlags, type OpenFlags, openOptions } from './open-flags.ts';
import { formatNames, parseFrameSpan, requireOutput } from './output-flags.ts';
import { note, Progress } from './progress.ts';
import { stopSignal } from './stop-signal.ts';

interface ConvertFlags extends OpenFlags {
  readonly format?: string;
  readonly frameSpan: string;
  readonly compress?: boolean;
  readonly dense?: boolean;
  readonly sort?: boolean;
  readonly force?: boolean;
}

interface Written {
  frames: number;
  samples: number;
  leftOut: Readonly<Record<string, number>>;
}

export function convertCommand(): Command {
  return addOpenFlags(new Command('convert'))
    .description('from one format of recordings to another')
    .argument('<in>', 'file or folder')
    .argument('<out>', 'file to write')
    .option(`--format <${formatNames()}>`, 'format to write; by default what the suffix says')
    .option('--frame-span <time>', 'time that one frame covers, where IN has no frames', '100ms')
    .option('--compress', 'pack a .spk file')
    .option('--dense', 'spikes of a .spk file in denser columns where that is exact')
    .option('--no-dense', 'spikes of a .spk file in the columns that every reader knows')
    .option('--sort', 'sort the samples of IN by time first, however ordered they look')
    .option('--force', 'replace OUT when it is there')
    .action(convert);
}

async function convert(from: string, out: string, flags: ConvertFlags): Promise<void> {
  const format = requireOutput(out, flags);
  if (flags.dense !== undefined && format.name !== 'spk') {
    throw new UsageError(`--dense goes with .spk files: ${format.name} has no denser columns`);
  }
  const frameSpanUs = parseFrameSpan(flags.frameSpan);
  const signal = stopSignal();
  const recording = await openRecording(from, {
    ...openOptions(flags),
    sorts: flags.sort === true,
  });
  // What is written is only seen under its name when it is whole.
  const unfinished = `${out}.${randomUUID()}.tmp`;
  try {
    const options = { compress: flags.compress === true, dense: flags.dense, remark: note };
    const writer = await format.create(unfinished, headerOf(recording), options);
    const written = await copy(recording, writer, frameSpanUs, signal);
    if (flags.force !== true && existsSync(out)) {
      throw new UsageError(`${out} came to be meanwhile; --force replaces it`);
    }
    await rename(unfinished, out);
    const { size } = await stat(out);
    process.stdout.write(
      `${JSON.stringify(resultOf(out, format.name, size, written, recording))}\n`,
    );
  } catch (error) {
    await rm(unfinished, { force: true });
    throw error;
  } finally {
    await recording.close();
  }
}

/** All that is known of the recording; some formats say more than every one does. */
function headerOf(recording: Recording): OutputHeader {
  const { name, startUs, durationUs, layers } = recording.info;
  const more = 'header' in recording ? (recording.header as SpkHeader) : {};
  return { ...more, name, startUs, durationUs, layers };
}

async function copy(
  recording: Recording,
  writer: OutputWriter,
  frameSpanUs: number,
  signal: AbortSignal,
): Promise<Written> {
  const written = { frames: 0, samples: 0 };
  const progress = new Progress('converted', 'frames');
  try {
    for await (const frame of recording.frames(frameSpanUs)) {
      if (signal.aborted) throw new Error('stopped before the end; nothing was written');
      await writer.write(frame);
      written.frames++;
      written.samples += sampleCount(frame);
      progress.at(written.frames);
    }
  } catch (error) {
    await writer.close().catch(() => {});
    throw error;
  }
  await writer.close();
  progress.end();
  for (const text of recording.notes.remarks) note(text);
  return { ...written, leftOut: Object.fromEntries(writer.leftOut ?? []) };
}

function resultOf(out: string, format: string, bytes: number, written: Written, from: Recording) {
  const { samplesOutside, samplesInvalid, truncated } = from.notes;
  return {
    recording: out,
    format,
    frames: written.frames,
    samples: written.samples,
    bytes,
    duration_us: from.info.durationUs,
    frames_left_out: written.leftOut,
    completeness: {
      samples_outside: samplesOutside,
      samples_invalid: samplesInvalid,
      truncated,
    },
  };
}
