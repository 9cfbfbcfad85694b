import type { LogEvent } from '../../component/log-event.ts';
import { isAtLeast } from '../../frames/log.ts';
import { LIVE_LIMITS } from './live-limits.ts';
import type { LogLine, LogsUpdate } from './schemas.ts';

const ERRORS_KEPT = 20;

interface Kept {
  readonly line: LogLine;
  readonly revision: number;
}

/** The last lines that pipelines wrote to the log, secrets taken out; and the last errors. */
export class LiveLogs {
  private readonly lines: Kept[] = [];
  private readonly errors: Kept[] = [];
  private count = 0;

  take(event: LogEvent, revision: number): void {
    const { level, logger, message, timeUs, eventType, fields } = event;
    const there = Object.entries(fields).filter(([, value]) => value !== undefined);
    const line: LogLine = {
      ...{ number: ++this.count, level, logger, message, t_us: timeUs },
      ...(eventType === undefined ? {} : { event_type: eventType }),
      fields: Object.fromEntries(there),
    };
    keep(this.lines, { line, revision }, LIVE_LIMITS.logLines);
    if (isAtLeast(level, 'ERROR')) keep(this.errors, { line, revision }, ERRORS_KEPT);
  }

  lastErrors(): LogLine[] {
    return this.errors.slice(-ERRORS_KEPT).map(({ line }) => line);
  }

  since(revision: number): LogsUpdate {
    let from = this.lines.length;
    while (from > 0 && (this.lines[from - 1] as Kept).revision > revision) from--;
    from = Math.max(from, this.lines.length - LIVE_LIMITS.logLines);
    const forgotten = Math.max(0, this.count - LIVE_LIMITS.logLines);
    return { lines: this.lines.slice(from).map(({ line }) => line), forgotten };
  }
}

/** Half is forgotten at once, so that forgetting costs nothing each time. */
function keep(list: Kept[], entry: Kept, max: number): void {
  list.push(entry);
  if (list.length >= max * 2) list.splice(0, max);
}
