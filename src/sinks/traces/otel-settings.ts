/**
 * What the standard OTEL_* variables say beyond what the OTLP exporter reads itself (endpoint,
 * headers, timeout, compression, certificates). The SDK leaves these to whoever sets it up.
 */
export type Environment = Readonly<Record<string, string | undefined>>;

/** Says what of the environment can't be used; it is then as if it were not there. */
export type Warn = (text: string) => void;

const SAMPLERS = [
  'always_on',
  'always_off',
  'traceidratio',
  'parentbased_always_on',
  'parentbased_always_off',
  'parentbased_traceidratio',
] as const;

export type SamplerName = (typeof SAMPLERS)[number];

export interface SpanQueueLimits {
  /** Spans that may wait. */
  readonly spansMax: number;
  /** Spans in one request. */
  readonly batchSpansMax: number;
  /** How long a span waits for a batch to fill. */
  readonly delayMs: number;
  /** How long one batch may take, with what the exporter tries again. */
  readonly exportMsMax: number;
}

export interface OtelSettings {
  readonly sampler: { readonly name: SamplerName; readonly ratio: number };
  readonly queue: SpanQueueLimits;
  /** Undefined leaves the SDK's default. */
  readonly attributeCountMax: number | undefined;
  readonly attributeCharsMax: number | undefined;
  readonly linkCountMax: number | undefined;
}

const DEFAULT_ENDPOINT = 'http://localhost:4318/v1/traces';
const ENDPOINTS = ['OTEL_EXPORTER_OTLP_TRACES_ENDPOINT', 'OTEL_EXPORTER_OTLP_ENDPOINT'] as const;

/**
 * Whether spans are sent: `enabled` decides where it is set, else whether the variables ask for it.
 * OTEL_SDK_DISABLED and an exporter other than otlp turn it off in any case.
 */
export function isTracingWanted(enabled: boolean | undefined, env: Environment): boolean {
  if (textOf(env, 'OTEL_SDK_DISABLED')?.toLowerCase() === 'true') return false;
  const exporters = textOf(env, 'OTEL_TRACES_EXPORTER')?.toLowerCase().split(',');
  const named = exporters?.some((name) => name.trim() === 'otlp');
  if (named === false) return false;
  if (enabled !== undefined) return enabled;
  return named === true || ENDPOINTS.some((name) => textOf(env, name) !== undefined);
}

/**
 * Where spans go, as a text that holds no secret.
 * @throws Error naming the variable whose value is no URL
 */
export function endpointOf(env: Environment): string {
  const name = ENDPOINTS.find((each) => textOf(env, each) !== undefined);
  if (name === undefined) return DEFAULT_ENDPOINT;
  const text = textOf(env, name) as string;
  // The value itself may hold a password, so the message does not say it.
  if (!URL.canParse(text)) throw new Error(`${name} needs a URL such as http://localhost:4318`);
  const { protocol, host, pathname } = new URL(text);
  if (protocol !== 'http:' && protocol !== 'https:') {
    throw new Error(`${name} needs a URL of http or https, got ${protocol}`);
  }
  const path = name === ENDPOINTS[0] ? pathname : `${pathname.replace(/\/$/, '')}/v1/traces`;
  return `${protocol}//${host}${path}`;
}

export function readOtelSettings(env: Environment, warn: Warn): OtelSettings {
  const count = (name: string, least: number): number | undefined => {
    const text = textOf(env, name);
    if (text === undefined) return undefined;
    const value = Number(text);
    if (Number.isSafeInteger(value) && value >= least) return value;
    warn(`${name} needs a whole number from ${least} on, got "${text}"; it is ignored`);
    return undefined;
  };
  warnOfProtocol(env, warn);
  const spansMax = count('OTEL_BSP_MAX_QUEUE_SIZE', 1) ?? 2048;
  const batchSpansMax = count('OTEL_BSP_MAX_EXPORT_BATCH_SIZE', 1) ?? 512;
  const anyCharsMax = count('OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT', 0);
  const anyCountMax = count('OTEL_ATTRIBUTE_COUNT_LIMIT', 0);
  return {
    sampler: samplerOf(env, warn),
    queue: {
      spansMax,
      batchSpansMax: Math.min(batchSpansMax, spansMax),
      delayMs: count('OTEL_BSP_SCHEDULE_DELAY', 0) ?? 5000,
      exportMsMax: count('OTEL_BSP_EXPORT_TIMEOUT', 1) ?? 30_000,
    },
    attributeCharsMax: count('OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT', 0) ?? anyCharsMax,
    attributeCountMax: count('OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT', 0) ?? anyCountMax,
    linkCountMax: count('OTEL_SPAN_LINK_COUNT_LIMIT', 0),
  };
}

function samplerOf(env: Environment, warn: Warn): OtelSettings['sampler'] {
  const text = textOf(env, 'OTEL_TRACES_SAMPLER')?.toLowerCase() ?? 'parentbased_always_on';
  const name = SAMPLERS.find((known) => known === text);
  if (name === undefined) {
    const known = SAMPLERS.join(', ');
    warn(`OTEL_TRACES_SAMPLER is "${text}", which is none of ${known}; everything is sampled`);
    return { name: 'parentbased_always_on', ratio: 1 };
  }
  if (!name.endsWith('traceidratio')) return { name, ratio: 1 };
  const ratioText = textOf(env, 'OTEL_TRACES_SAMPLER_ARG') ?? '1';
  const ratio = Number(ratioText);
  if (ratio >= 0 && ratio <= 1) return { name, ratio };
  warn(`OTEL_TRACES_SAMPLER_ARG needs a number from 0 to 1, got "${ratioText}"; it is ignored`);
  return { name, ratio: 1 };
}

function warnOfProtocol(env: Environment, warn: Warn): void {
  const protocol =
    textOf(env, 'OTEL_EXPORTER_OTLP_TRACES_PROTOCOL') ??
    textOf(env, 'OTEL_EXPORTER_OTLP_PROTOCOL') ??
    'http/protobuf';
  if (protocol === 'http/protobuf') return;
  warn(`traces are sent as http/protobuf, not as OTEL_EXPORTER_OTLP_PROTOCOL says (${protocol})`);
}

/** The value of a variable; one that is empty counts as unset. */
function textOf(env: Environment, name: string): string | undefined {
  return env[name]?.trim() || undefined;
}
