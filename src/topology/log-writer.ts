import type { LogEvent, WriteLog } from '../component/log-event.ts';
import type { RecordSinks } from '../component/record-sinks.ts';
import { scrubFields, scrubText } from '../component/scrub.ts';
import type { LogLevel } from '../frames/log.ts';
import { callSite } from '../telemetry/call-site.ts';

/** Whether any sink takes log events of a level. */
export function takesLog({ log, derived, derivedLog }: RecordSinks, level: LogLevel): boolean {
  return log?.isEnabled(level) === true || (derived !== undefined && derivedLog(level));
}

/**
 * Takes the log events of a pipeline: adds the caller's place in the code, takes secrets out, and
 * gives them to the log and to the derived stream, where they are records named `log`.
 */
export function logWriter({ log, derived, derivedLog }: RecordSinks): WriteLog {
  return (said) => {
    const isLogged = log?.isEnabled(said.level) === true;
    const isDerived = derived !== undefined && derivedLog(said.level);
    if (!isLogged && !isDerived) return;
    const event: LogEvent = {
      ...said,
      origin: said.origin ?? callSite(0),
      message: scrubText(said.message),
      fields: scrubFields(said.fields) as LogEvent['fields'],
    };
    if (isLogged) log?.write(event);
    if (isDerived) derived?.(recordOf(event));
  };
}

function recordOf(event: LogEvent): Parameters<NonNullable<RecordSinks['derived']>>[0] {
  const { level, logger, message, timeUs, eventType, origin, fields } = event;
  return {
    record: 'log',
    key: [level, eventType ?? 'line'],
    t0Us: timeUs,
    spanUs: 0,
    fields: {
      level,
      logger,
      message,
      module: origin?.module,
      function: origin?.function,
      line: origin?.line,
      event_type: eventType,
      ...fields,
    },
  };
}
