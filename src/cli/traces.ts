import type { RecordSinks } from '../component/record-sinks.ts';
import type { Inlet } from '../component/source.ts';
import {
  type Environment,
  endpointOf,
  isTracingWanted,
  type OtelSettings,
  readOtelSettings,
} from '../sinks/traces/otel-settings.ts';
import type { TraceSink } from '../sinks/traces/trace-sink.ts';
import { EVENT_LOOP } from '../sources/inbox.ts';
import type { BatchSpans } from '../telemetry/batch-spans.ts';
import { ConfigError } from './config/config-error.ts';
import type { Config } from './config/schema.ts';
import type { OwnTelemetry } from './own-telemetry.ts';

/** What a command that traces needs; where tracing is off it costs nothing. */
export interface Traces {
  /** Takes the spans that pipelines derive. */
  readonly take: RecordSinks['spans'];
  readonly queues: Readonly<Record<string, { readonly depth: { readonly messages: number } }>>;
  /** The way into the pipelines, traced where own work is. */
  around(inlet: Inlet): Inlet;
  /** Sends what waits, until the signal. */
  close(signal: AbortSignal): Promise<void>;
}

const LINKS_MAX = 128;

const NO_TRACES: Traces = {
  take: undefined,
  queues: {},
  around: (inlet) => inlet,
  close: () => Promise.resolve(),
};

/** @throws ConfigError naming the variable that is wrong */
export function checkTraces({ traces }: Config, env: Environment): void {
  if (isTracingWanted(traces.enabled, env)) checkedEndpoint(env);
}

/** Makes what the configuration and the OTEL_* variables ask for; loads the SDK only then. */
export async function startTraces(
  config: Config,
  version: string,
  telemetry: OwnTelemetry,
  env: Environment,
): Promise<Traces> {
  const { enabled, own_work } = config.traces;
  const { log } = telemetry;
  if (!isTracingWanted(enabled, env)) {
    if (own_work) log.warn('traces.own_work has no effect: no OTEL_* variable names an endpoint');
    return NO_TRACES;
  }
  const endpoint = checkedEndpoint(env);
  const settings = readOtelSettings(env, (text) => log.warn(text));
  const { sink, traces } = await openSink(endpoint, settings, version, telemetry);
  log.info(`sending traces to ${endpoint}`);
  if (!own_work) return traces;
  const linksMax = Math.min(LINKS_MAX, settings.linkCountMax ?? LINKS_MAX);
  return withOwnWork(traces, sink, { version, linksMax, prefix: config.prefix, telemetry });
}

async function openSink(
  endpoint: string,
  settings: OtelSettings,
  version: string,
  { log, own }: OwnTelemetry,
): Promise<{ sink: TraceSink; traces: Traces }> {
  const warn = (text: string): void => log.warn(text);
  const dropped = (reason: string, spans: number): void => {
    own.dropped.series('traces', reason).add(spans);
    if (reason === 'stopped') warn(`${spans} spans were not sent before the stop`);
  };
  const { hearSdkMessages } = await import('../telemetry/sdk-messages.ts');
  const { TraceSink } = await import('../sinks/traces/trace-sink.ts');
  const unhear = hearSdkMessages({ warn, refused: (spans) => dropped('refused', spans) });
  const sink = new TraceSink({
    version,
    settings,
    warn,
    dropped,
    failing: (reason) => warn(`can't send traces to ${endpoint}: ${reason}; they are dropped`),
    recovered: () => log.info(`sending traces to ${endpoint} again`),
  });
  const close = async (signal: AbortSignal): Promise<void> => {
    await sink.queue.close(signal);
    unhear();
  };
  const queues = { traces: sink.queue };
  return { sink, traces: { take: sink.take, queues, around: (inlet) => inlet, close } };
}

interface OwnWork {
  readonly version: string;
  readonly linksMax: number;
  readonly prefix: string;
  readonly telemetry: OwnTelemetry;
}

async function withOwnWork(
  traces: Traces,
  { provider }: TraceSink,
  { version, linksMax, prefix, telemetry }: OwnWork,
): Promise<Traces> {
  const { BatchSpans } = await import('../telemetry/batch-spans.ts');
  const { startOwnTracing } = await import('../telemetry/own-tracing.ts');
  const { tracer, close } = startOwnTracing(provider, version);
  const { running } = telemetry;
  const { afterTurn } = EVENT_LOOP;
  let batches: BatchSpans | undefined;
  return {
    ...traces,
    around: (inlet) => {
      batches = new BatchSpans({ tracer, inlet, prefix, linksMax, running, afterTurn });
      return batches;
    },
    close: async (signal) => {
      batches?.end();
      close();
      await traces.close(signal);
    },
  };
}

function checkedEndpoint(env: Environment): string {
  try {
    return endpointOf(env);
  } catch (error) {
    throw new ConfigError((error as Error).message);
  }
}
