import type { DerivedRecord } from '../../component/derived-record.ts';
import type { SpanRecord } from '../../component/span.ts';
import { LatestMap } from './latest-map.ts';
import { LIVE_LIMITS } from './live-limits.ts';
import { known, numberOf, optionalText, textOf } from './record-fields.ts';
import type { LiveConversion } from './schemas.ts';

/** Conversions, running and last, from their records; and the spans that make their timelines. */
export class LiveConversions {
  private readonly conversions = new LatestMap<LiveConversion>(LIVE_LIMITS.conversions);
  private readonly byTrace = new LatestMap<string>(LIVE_LIMITS.conversions);

  take({ fields, t0Us }: DerivedRecord, revision: number): void {
    const id = textOf(fields['conversion_id']);
    if (id === '') return;
    const before = this.conversions.get(id);
    // An id that starts again is another conversion.
    const old = fields['event'] === 'started' ? undefined : before;
    const conversion = {
      ...{ conversion_id: id, spans: [], ...old },
      state: stateOf(fields),
      model_name: optionalText(fields['model_name']) ?? old?.model_name,
      model_type: optionalText(fields['model_type']) ?? old?.model_type,
      model_size: optionalText(fields['model_size']) ?? old?.model_size,
      hardware_target: optionalText(fields['hardware_target']) ?? old?.hardware_target,
      started_us: numberOf(fields['started_us']) ?? old?.started_us,
      last_us: t0Us,
      last_step: optionalText(fields['step']) ?? old?.last_step,
      duration_us: fields['event'] === 'finished' ? numberOf(fields['duration_us']) : undefined,
      error_type: optionalText(fields['error_type']),
      error_message: optionalText(fields['error_message']),
      trace_id: optionalText(fields['trace_id']) ?? old?.trace_id,
    };
    this.conversions.set(id, known(conversion) as LiveConversion, revision);
    if (conversion.trace_id !== undefined) this.byTrace.set(conversion.trace_id, id, revision);
  }

  takeSpans(spans: readonly SpanRecord[], revision: number): void {
    for (const each of spans) {
      const id = this.byTrace.get(each.traceId);
      const conversion = id === undefined ? undefined : this.conversions.get(id);
      if (id === undefined || conversion === undefined) continue;
      const others = conversion.spans.filter(({ span_id }) => span_id !== each.spanId);
      if (others.length >= LIVE_LIMITS.spansOfConversion) continue;
      const span = known({
        name: each.name,
        span_id: each.spanId,
        parent_span_id: each.parentSpanId,
        start_us: each.startUs,
        end_us: each.endUs,
        error: each.error,
      }) as LiveConversion['spans'][number];
      this.conversions.set(id, { ...conversion, spans: [...others, span] }, revision);
    }
  }

  since(revision: number): LiveConversion[] {
    return this.conversions.since(revision);
  }
}

function stateOf(fields: DerivedRecord['fields']): LiveConversion['state'] {
  if (fields['event'] !== 'finished') return 'running';
  return fields['success'] === true ? 'succeeded' : 'failed';
}
