import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto';
import {
  type DetectedResource,
  defaultResource,
  detectResources,
  type Resource,
  resourceAttributesEnvDetector,
  resourceFromAttributes,
  serviceNameEnvDetector,
} from '@opentelemetry/resources';
import type { Sampler, SpanExporter, TracerProviderOptions } from '@opentelemetry/sdk-trace';
import type { SpanRecord } from '../../component/span.ts';
import type { OtelSettings, Warn } from './otel-settings.ts';
import { isSampled, type RecordedSpanParts, readableSpan } from './readable-span.ts';
import { createSampler } from './sampler.ts';
import { SpanQueue, type SpanQueueParts } from './span-queue.ts';

/** Name of what makes the spans, as the SDK says it of instrumentations. */
const SCOPE_NAME = 'spikescope';

export interface TraceSinkParts extends Pick<SpanQueueParts, 'dropped' | 'failing' | 'recovered'> {
  readonly version: string;
  readonly settings: OtelSettings;
  readonly warn: Warn;
  /** By default OTLP over HTTP as the OTEL_EXPORTER_OTLP_* variables say. */
  readonly exporter?: SpanExporter;
}

/** Spans that pipelines derive, and any of the SDK's own, through one queue to one receiver. */
export class TraceSink {
  readonly queue: SpanQueue;
  /** For a tracer of Spikescope's own work. */
  readonly provider: TracerProviderOptions;
  private readonly sampler: Sampler;
  private readonly spans: RecordedSpanParts;

  constructor({ version, settings, warn, exporter, ...parts }: TraceSinkParts) {
    this.queue = new SpanQueue({
      exporter: exporter ?? new OTLPTraceExporter(),
      limits: settings.queue,
      ...parts,
    });
    this.sampler = createSampler(settings.sampler);
    const resource = resourceOf(version, warn);
    this.spans = {
      resource,
      scope: { name: SCOPE_NAME, version },
      attributeCharsMax: settings.attributeCharsMax,
    };
    this.provider = {
      resource,
      sampler: this.sampler,
      spanProcessors: [this.queue],
      spanLimits: spanLimitsOf(settings),
    };
  }

  /** Takes finished spans as pipelines derive them; never waits, never throws. */
  readonly take = (records: readonly SpanRecord[]): void => {
    for (const record of records) {
      if (isSampled(record, this.sampler)) this.queue.offer(readableSpan(record, this.spans));
    }
  };
}

/** Who sends the spans: the variables win. */
function resourceOf(version: string, warn: Warn): Resource {
  const own = resourceFromAttributes({ 'service.name': SCOPE_NAME, 'service.version': version });
  const attributes = resourceAttributesEnvDetector.detect();
  if (process.env['OTEL_RESOURCE_ATTRIBUTES']?.trim() && isEmpty(attributes)) {
    warn('OTEL_RESOURCE_ATTRIBUTES is no list such as key=value,key=value; it is ignored');
  }
  const detectors = [resourceAttributesEnvDetector, serviceNameEnvDetector];
  return defaultResource().merge(own).merge(detectResources({ detectors }));
}

function isEmpty({ attributes }: DetectedResource): boolean {
  return Object.keys(attributes ?? {}).length === 0;
}

function spanLimitsOf(settings: OtelSettings): TracerProviderOptions['spanLimits'] & object {
  const { attributeCountMax, attributeCharsMax, linkCountMax } = settings;
  return {
    ...(attributeCountMax !== undefined && { attributeCountLimit: attributeCountMax }),
    ...(attributeCharsMax !== undefined && { attributeValueLengthLimit: attributeCharsMax }),
    ...(linkCountMax !== undefined && { linkCountLimit: linkCountMax }),
  };
}
