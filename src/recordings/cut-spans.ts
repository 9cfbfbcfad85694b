import type { SampleMerge } from './merge-samples.ts';
import { allocateSamples, appendSamples, type SampleColumns, type SampleKind } from './samples.ts';

/** Samples collected at a time, over all layers: about 20 MB. */
const SAMPLES_MAX = 1 << 20;
const CAPACITY_MIN = 1 << 14;

/** Samples of a span of time, in order. */
export interface CutSpan {
  startUs: number;
  endUs: number;
  /** Samples [0, count) of the columns are those of the span. */
  count: number;
  samples: SampleColumns;
  /** Whether the span is covered by this; else there are only too many samples at one time, and the
   * span that covers them follows. */
  isCover: boolean;
}

export interface SpanRequest {
  readonly kind: SampleKind;
  readonly startUs: number;
  readonly endUs: number;
  readonly spanUs: number;
  /** Samples at most in a span, where the ordinary number does not fit. */
  readonly samplesMax?: number;
}

/**
 * Cuts samples at multiples of the span, from start to end without a gap; where more come than fit,
 * the span is cut at a time. The samples at exactly the end follow in a span of 1 µs.
 */
export async function* cutSpans(
  merge: SampleMerge,
  request: SpanRequest,
): AsyncGenerator<CutSpan, void, void> {
  const { kind, endUs, spanUs } = request;
  const samplesMax = request.samplesMax ?? SAMPLES_MAX;
  let samples = allocateSamples(Math.min(CAPACITY_MIN, samplesMax), kind);
  let startUs = request.startUs;
  while (startUs <= endUs) {
    const isLast = startUs === endUs;
    const next = (Math.floor(startUs / spanUs) + 1) * spanUs;
    const stopUs = isLast ? endUs + 1 : Math.min(next, endUs);
    await merge.take(stopUs, samples);
    while (merge.headUs < stopUs && samples.timeUs.length < samplesMax) {
      samples = larger(samples, samplesMax, kind);
      await merge.take(stopUs, samples);
    }
    if (merge.headUs >= stopUs) {
      if (!isLast || samples.length > 0) {
        yield { startUs, endUs: stopUs, count: samples.length, samples, isCover: true };
      }
      samples.length = 0;
      startUs = stopUs;
      continue;
    }
    // Too many: the span ends where the first sample stands that found no room.
    const cutUs = merge.headUs;
    const count = firstAt(samples, cutUs);
    if (cutUs > startUs) {
      yield { startUs, endUs: cutUs, count, samples, isCover: true };
      startUs = cutUs;
      keepFrom(samples, count);
    } else {
      yield { startUs, endUs: startUs + 1, count: samples.length, samples, isCover: false };
      samples.length = 0;
    }
  }
}

function larger(samples: SampleColumns, max: number, kind: SampleKind): SampleColumns {
  const grown = allocateSamples(Math.min(max, samples.timeUs.length * 2), kind);
  appendSamples(grown, samples, 0, samples.length);
  return grown;
}

/** Index of the first sample at the time, which none is later than. */
function firstAt({ timeUs, length }: SampleColumns, time: number): number {
  let at = length;
  while (at > 0 && timeUs[at - 1] === time) at--;
  return at;
}

function keepFrom(samples: SampleColumns, from: number): void {
  samples.timeUs.copyWithin(0, from, samples.length);
  samples.layer.copyWithin(0, from, samples.length);
  samples.neuron.copyWithin(0, from, samples.length);
  samples.value?.copyWithin(0, from, samples.length);
  samples.length -= from;
}
