import type { DocumentFilter } from '../../sinks/documents/document-store.ts';
import type { Answers, Question } from '../../sinks/documents/question.ts';
import { TIMEOUT } from './conversion-groups.ts';
import { type ErrorKinds, newErrorTypes } from './error-types.ts';
import { hardwareOutOfLine } from './hardware-failures.ts';
import type { LogAnomaly } from './log-anomaly.ts';
import type { TimeRange } from './time-range.ts';

const HOUR_MS = 3_600_000;
/** The kit's: more than so many ERROR lines in the last hour are a warning. */
const ERRORS_AN_HOUR_MAX = 10;
const KINDS_MAX = 10_000;

export type AnomalyAnswers = Answers<ReturnType<typeof anomalyQuestions>>;

/** What has to be known of a range, of the hour before its end, and of all that came before. */
export function anomalyQuestions({ fromMs, toMs }: TimeRange) {
  const logs = (from: number, to: number, ...level: string[]): DocumentFilter => ({
    index: 'logs',
    fromMs: from,
    toMs: to,
    having: { level },
  });
  const errors = (from: number, to: number) => logs(from, to, 'ERROR', 'CRITICAL');
  const ends: DocumentFilter = {
    index: 'conversions',
    fromMs,
    toMs,
    having: { event: ['finished'] },
  };
  const kinds = { ask: 'countBy', fields: ['event_type', 'error_type'], max: KINDS_MAX } as const;
  const outcomes = ['hardware_target', 'success', 'error_type'];
  return {
    errorsLastHour: { ask: 'count', filter: logs(Math.max(0, toMs - HOUR_MS), toMs, 'ERROR') },
    criticals: { ask: 'count', filter: logs(fromMs, toMs, 'CRITICAL') },
    kinds: { ...kinds, filter: errors(fromMs, toMs) },
    kindsBefore: { ...kinds, filter: errors(0, fromMs) },
    firstLine: {
      ask: 'list',
      filter: { index: 'logs', fromMs: 0, toMs: fromMs },
      order: 'oldest',
      max: 1,
    },
    ended: { ask: 'countBy', filter: ends, fields: outcomes, max: KINDS_MAX },
  } as const satisfies Record<string, Question>;
}

/** Anomalies of a range, the kit's first; none is an empty list. */
export function logAnomalies(range: TimeRange, answers: AnomalyAnswers): LogAnomaly[] {
  const { kinds, kindsBefore, firstLine, ended } = answers;
  const known: ErrorKinds = { now: kinds, before: kindsBefore, hasHistory: firstLine.length > 0 };
  return [
    ...highErrorRate(range, answers.errorsLastHour),
    ...criticalErrors(answers.criticals),
    ...newErrorTypes(known),
    ...hardwareOutOfLine(ended),
    ...timeouts(ended),
  ];
}

function highErrorRate({ toMs }: TimeRange, count: number): LogAnomaly[] {
  if (count <= ERRORS_AN_HOUR_MAX) return [];
  return [
    {
      type: 'high_error_rate',
      count,
      severity: 'warning',
      threshold: ERRORS_AN_HOUR_MAX,
      from: new Date(Math.max(0, toMs - HOUR_MS)).toISOString(),
      to: new Date(toMs).toISOString(),
    },
  ];
}

function criticalErrors(count: number): LogAnomaly[] {
  return count === 0 ? [] : [{ type: 'critical_errors', count, severity: 'critical' }];
}

/** Conversions that never finished, told by the bound on them. */
function timeouts(ended: AnomalyAnswers['ended']): LogAnomaly[] {
  const groups = ended.filter(({ key }) => key[2] === TIMEOUT);
  const count = groups.reduce((sum, group) => sum + group.count, 0);
  if (count === 0) return [];
  const byHardware = groups
    .filter(({ key }) => typeof key[0] === 'string')
    .map((group) => [group.key[0] as string, group.count] as const);
  return [
    { type: TIMEOUT, count, severity: 'warning', by_hardware: Object.fromEntries(byHardware) },
  ];
}
