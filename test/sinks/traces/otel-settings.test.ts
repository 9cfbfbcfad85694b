import { describe, expect, it, test } from 'vitest';
import {
  type Environment,
  endpointOf,
  isTracingWanted,
  readOtelSettings,
} from '../../../src/sinks/traces/otel-settings.ts';

const ENDPOINT = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://h:4318' };

describe('traces are sent', () => {
  test.each<[boolean, boolean | undefined, Environment]>([
    [false, undefined, {}],
    [true, undefined, ENDPOINT],
    [true, undefined, { OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'http://h:4318/v1/traces' }],
    [true, undefined, { OTEL_TRACES_EXPORTER: 'otlp' }],
    [true, undefined, { OTEL_TRACES_EXPORTER: 'console, otlp' }],
    [false, undefined, { OTEL_EXPORTER_OTLP_ENDPOINT: ' ' }],
    [false, undefined, { OTEL_SERVICE_NAME: 's' }],
    [false, undefined, { ...ENDPOINT, OTEL_TRACES_EXPORTER: 'none' }],
    [false, undefined, { ...ENDPOINT, OTEL_TRACES_EXPORTER: 'console' }],
    [false, undefined, { ...ENDPOINT, OTEL_SDK_DISABLED: 'True' }],
    [true, undefined, { ...ENDPOINT, OTEL_SDK_DISABLED: 'false' }],
    [true, true, {}],
    [false, false, ENDPOINT],
    [false, true, { OTEL_SDK_DISABLED: 'true' }],
    [false, true, { OTEL_TRACES_EXPORTER: 'none' }],
  ])('%s with traces.enabled %s and %j', (isWanted, enabled, env) => {
    expect(isTracingWanted(enabled, env)).toBe(isWanted);
  });
});

describe('the endpoint', () => {
  test.each<[string, Environment]>([
    ['http://localhost:4318/v1/traces', {}],
    ['http://h:4318/v1/traces', ENDPOINT],
    ['http://h:4318/v1/traces', { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://h:4318/' }],
    ['https://h/otlp/v1/traces', { OTEL_EXPORTER_OTLP_ENDPOINT: 'https://u:p@h/otlp?key=k' }],
    ['http://t/x', { ...ENDPOINT, OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'http://t/x' }],
  ])('is %s with %j, without secrets', (shown, env) => {
    expect(endpointOf(env)).toBe(shown);
  });

  it('that is no URL of http is refused by its name, and not repeated', () => {
    const name = 'OTEL_EXPORTER_OTLP_ENDPOINT';
    expect(() => endpointOf({ [name]: 'u:secret@h' })).toThrow(/^OTEL_EXPORTER_OTLP_ENDPOINT/);
    expect(() => endpointOf({ [name]: 'u:secret@h' })).not.toThrow(/secret/);
    expect(() => endpointOf({ [name]: 'secret' })).toThrow(/needs a URL such as/);
    expect(() => endpointOf({ [name]: 'secret' })).not.toThrow(/secret/);
  });
});

function read(env: Environment) {
  const warnings: string[] = [];
  return { settings: readOtelSettings(env, (text) => warnings.push(text)), warnings };
}

it('has the defaults of the specification', () => {
  expect(read({})).toEqual({
    settings: {
      sampler: { name: 'parentbased_always_on', ratio: 1 },
      queue: { spansMax: 2048, batchSpansMax: 512, delayMs: 5000, exportMsMax: 30_000 },
      attributeCharsMax: undefined,
      attributeCountMax: undefined,
      linkCountMax: undefined,
    },
    warnings: [],
  });
});

it('takes what the variables say', () => {
  const { settings, warnings } = read({
    OTEL_TRACES_SAMPLER: 'TraceIdRatio',
    OTEL_TRACES_SAMPLER_ARG: '0.25',
    OTEL_BSP_MAX_QUEUE_SIZE: '100',
    OTEL_BSP_MAX_EXPORT_BATCH_SIZE: '200',
    OTEL_BSP_SCHEDULE_DELAY: '0',
    OTEL_BSP_EXPORT_TIMEOUT: '7',
    OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT: '20',
    OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT: '10',
    OTEL_ATTRIBUTE_COUNT_LIMIT: '3',
    OTEL_SPAN_LINK_COUNT_LIMIT: '4',
  });
  expect(warnings).toEqual([]);
  expect(settings).toEqual({
    sampler: { name: 'traceidratio', ratio: 0.25 },
    // A batch larger than the queue would never be whole.
    queue: { spansMax: 100, batchSpansMax: 100, delayMs: 0, exportMsMax: 7 },
    attributeCharsMax: 10,
    attributeCountMax: 3,
    linkCountMax: 4,
  });
});

test.each<[string, string]>([
  ['OTEL_BSP_MAX_QUEUE_SIZE', '0'],
  ['OTEL_BSP_MAX_QUEUE_SIZE', 'many'],
  ['OTEL_BSP_SCHEDULE_DELAY', '-1'],
  ['OTEL_TRACES_SAMPLER', 'jaeger_remote'],
  ['OTEL_EXPORTER_OTLP_PROTOCOL', 'grpc'],
])('%s=%s is warned of, and is as if it were not there', (name, value) => {
  const { settings, warnings } = read({ [name]: value });
  expect(settings).toEqual(read({}).settings);
  expect(warnings).toEqual([expect.stringMatching(new RegExp(`${name}.*${value}`))]);
});

it('samples all where the ratio is none', () => {
  const env = { OTEL_TRACES_SAMPLER: 'traceidratio', OTEL_TRACES_SAMPLER_ARG: '2' };
  const { settings, warnings } = read(env);
  expect(settings.sampler).toEqual({ name: 'traceidratio', ratio: 1 });
  expect(warnings).toEqual([expect.stringContaining('OTEL_TRACES_SAMPLER_ARG')]);
});
