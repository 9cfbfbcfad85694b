import { anomalyQuestions, logAnomalies } from '../analysis/logs/anomalies.ts';
import {
  type ConversionPatterns,
  conversionPatterns,
} from '../analysis/logs/conversion-patterns.ts';
import { conversionQuestions } from '../analysis/logs/conversion-questions.ts';
import type { LogAnomaly } from '../analysis/logs/log-anomaly.ts';
import { rangeBefore, type TimeRange } from '../analysis/logs/time-range.ts';
import type { DocumentQueries } from '../sinks/documents/document-store.ts';
import { askAll } from '../sinks/documents/question.ts';

/** The conversions of a range and of the range before, as a store knows them. */
export async function reportPatterns(
  queries: DocumentQueries,
  range: TimeRange,
): Promise<ConversionPatterns> {
  const now = await askAll(queries, conversionQuestions(range));
  const before = await askAll(queries, conversionQuestions(rangeBefore(range)));
  return conversionPatterns(range, now, before);
}

/** What is out of order in a range. */
export async function reportAnomalies(
  queries: DocumentQueries,
  range: TimeRange,
): Promise<LogAnomaly[]> {
  return logAnomalies(range, await askAll(queries, anomalyQuestions(range)));
}
