import { map } from 'rxjs';
import { z } from 'zod';
import type { LogValue } from '../src/component/log-event.ts';
import { definePipeline } from '../src/component/pipeline.ts';
import type { LogFrame, LogLevel } from '../src/frames/log.ts';
import { parentSpanOf } from '../src/operators/trace-parent.ts';

/** A log line of an emitter, checked, with its fields by their names in the line. */
interface LogLine {
  readonly t0Us: number;
  readonly level: LogLevel;
  readonly logger: string;
  readonly message: string;
  readonly eventType: string | undefined;
  readonly module: string | undefined;
  readonly function: string | undefined;
  readonly line: number | undefined;
  readonly fields: Readonly<Record<string, LogValue | undefined>>;
}

/** Names that have their own place in a line. */
const PLACED = new Set(['logger', 'module', 'function']);

export default definePipeline({
  name: 'logs',
  summary: 'Log lines of emitters: checked, written to the log, passed on.',
  reads: 'log',
  options: z.strictObject({}),
  through: () => map(lineOf),
  log: {
    levelMax: 'CRITICAL',
    write: ({ level, logger, message, t0Us, eventType, fields, ...where }, log) => {
      const origin = { module: where.module, function: where.function, line: where.line };
      log({ level, logger, message, timeUs: t0Us, eventType, origin, fields });
    },
  },
});

function lineOf(frame: LogFrame): LogLine {
  const { names, deviceType, chipId, t0Us, level, eventType, line } = frame;
  const span = parentSpanOf(frame.trace);
  const named = [...names].filter(([name]) => !PLACED.has(name));
  return {
    ...{ t0Us, level, eventType, line },
    logger: names.get('logger') ?? 'spikeformer',
    message: frame.text,
    module: names.get('module'),
    function: names.get('function'),
    fields: {
      ...Object.fromEntries(named),
      error_message: frame.errorMessage,
      requires_attention: frame.requiresAttention,
      spike_count: frame.spikeCount,
      timestep: frame.timestep,
      spike_rate: frame.spikeRate,
      device_type: deviceType,
      chip_id: chipId,
      emitter: frame.emitter,
      run_id: frame.runId,
      trace_id: span?.traceId,
      span_id: span?.spanId,
    },
  };
}
