import type { Command } from 'commander';
import { parseDurationUs } from '../component/duration.ts';
import { TIME_UNITS } from '../recordings/column-names.ts';
import type { OpenOptions } from '../recordings/plan-options.ts';
import { UsageError } from './config/config-error.ts';

/** What somebody says of a recording that does not say it itself. */
export interface OpenFlags {
  readonly timeUnit?: string;
  readonly timestep?: string;
}

/** Adds the flags above to a command that opens a recording. */
export function addOpenFlags(command: Command): Command {
  return command
    .option(`--time-unit <${TIME_UNITS.join('|')}>`, 'unit of times in files that name none')
    .option('--timestep <time>', 'length of a timestep, where times are steps (default 1ms)');
}

export function openOptions({ timeUnit, timestep }: OpenFlags): OpenOptions {
  if (timeUnit !== undefined && !TIME_UNITS.includes(timeUnit)) {
    throw new UsageError(`--time-unit needs one of ${TIME_UNITS.join(', ')}, got "${timeUnit}"`);
  }
  const stepUs = timestep === undefined ? undefined : parseDurationUs(timestep);
  if (timestep !== undefined && (stepUs === undefined || stepUs === 0)) {
    throw new UsageError(`--timestep needs a time such as 1ms or 100us, got "${timestep}"`);
  }
  return {
    ...(timeUnit !== undefined && { timeUnit }),
    ...(stepUs !== undefined && { dtMs: stepUs / 1000 }),
  };
}
