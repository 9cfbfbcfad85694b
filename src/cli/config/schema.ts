import { z } from 'zod';
import { adapterIssues, adapterOptions } from '../../adapters/adapter-options.ts';
import { duration } from '../../component/duration.ts';
import type { AnyPipeline } from '../../component/pipeline.ts';
import { FRAME_LIMITS } from '../../frames/limits.ts';
import { LOG_LEVELS } from '../../frames/log.ts';
import { isPrefix, PREFIX_DEFAULT } from '../../frames/subject.ts';
import { alertOptions } from '../../sinks/alerts/alert-options.ts';
import { documentOptions } from '../../sinks/documents/document-options.ts';
import { tracesOptions } from '../../sinks/traces/traces-options.ts';
import { benchmarkOptions } from '../../sources/benchmark-options.ts';
import { conversionOptions } from '../../sources/conversion-watch.ts';
import { healthOptions } from '../../sources/health-options.ts';
import { natsOptions } from '../../sources/nats-options.ts';
import { runOptions } from '../../sources/run-watch.ts';
import { silenceOptions } from '../../sources/silence-watch.ts';
import { streamOptions } from '../../sources/stream-options.ts';

const count = (max: number) => z.int().min(1).max(max);

const http = z.strictObject({
  host: z
    .string()
    .default('127.0.0.1')
    .describe('Address to listen on; any but loopback needs a token.'),
  port: z.int().min(0).max(65_535).default(9464).describe('Port; 0 takes a free one.'),
  token_file: z
    .string()
    .optional()
    .describe('File with the token that requests carry as "Authorization: Bearer …".'),
  allowed_hosts: z
    .array(z.string())
    .default([])
    .describe('Further names that the Host header may have, such as that of a proxy.'),
  pages_max: z
    .int()
    .min(1)
    .max(1000)
    .default(32)
    .describe('Live pages that may be open at once; each holds a connection.'),
  recordings: z
    .string()
    .min(1)
    .optional()
    .describe('Folder of recordings that the page may replay; each file and folder in it is one.'),
  replays_max: z
    .int()
    .min(0)
    .max(64)
    .default(4)
    .describe('Recordings that may be replayed at once, each in a thread of its own.'),
  recording_bytes_max: z
    .int()
    .min(1)
    .default(4 * 1024 ** 3)
    .describe('Largest recording that the page may replay, bytes.'),
  trace_url: z
    .string()
    .regex(/^https?:\/\/.*\{trace_id\}/, 'needs an http address with {trace_id} in it')
    .optional()
    .describe(
      'Address of a trace, such as http://jaeger:16686/trace/{trace_id}; the page links it.',
    ),
});

const limits = z.strictObject({
  payload_bytes_max: count(64 * 1024 * 1024)
    .default(FRAME_LIMITS.payloadBytesMax)
    .describe('Longest payload.'),
  string_chars_max: count(1024)
    .default(FRAME_LIMITS.stringCharsMax)
    .describe('Longest name in a frame.'),
  text_chars_max: count(65_536)
    .default(FRAME_LIMITS.textCharsMax)
    .describe('Longest message text in a frame.'),
  nesting_max: count(32).default(FRAME_LIMITS.nestingMax).describe('Deepest nesting of a frame.'),
  samples_max: count(4_194_304)
    .default(FRAME_LIMITS.samplesMax)
    .describe('Most samples in a frame.'),
  span_us_max: count(3_600_000_000)
    .default(FRAME_LIMITS.spanUsMax)
    .describe('Longest span of a frame, µs.'),
  neuron_count_max: count(2 ** 28)
    .default(FRAME_LIMITS.neuronCountMax)
    .describe('Most neurons of a layer on one chip.'),
});

const metrics = z.strictObject({
  series_max: count(100_000)
    .default(2000)
    .describe('Sets of labels a metric has at most; core gauges have their own 10,000.'),
});

/** How the state is kept where frames come by JetStream. */
const checkpointOptions = z.strictObject({
  interval: duration(100_000, 3_600_000_000)
    .prefault('5s')
    .describe('Between two checkpoints; so much is reprocessed at most after a crash.'),
  frames_max: count(1_000_000_000)
    .default(1_000_000)
    .describe('Frames after which a checkpoint is written before its time.'),
  commit_interval: duration(10_000, 60_000_000)
    .prefault('200ms')
    .describe('Between two commits of derived records to their stream.'),
  waiting_bytes_max: count(4 * 1024 ** 3)
    .default(64 * 1024 * 1024)
    .describe('Bytes of derived records that wait to be stored; at half of it reading pauses.'),
});

/** The schema of the whole configuration: types, defaults, checks, help and reference in one. */
export function configSchema(pipelines: readonly AnyPipeline[]) {
  const byName = Object.fromEntries(
    pipelines.map((pipeline) => [
      pipeline.name,
      (pipeline.options as z.ZodObject).prefault({}).describe(pipeline.summary),
    ]),
  );
  return z
    .strictObject({
      prefix: z
        .string()
        .refine(isPrefix, 'needs one to four tokens of A-Z a-z 0-9 _ - joined by dots')
        .default(PREFIX_DEFAULT)
        .describe('First tokens of every subject.'),
      delivery: z.enum(['auto', 'core', 'jetstream']).default('auto').describe(
        'How frames come: core NATS, best effort, losses counted by seq; or JetStream, each counts \
exactly once; auto takes JetStream where the server has it.',
      ),
      checkpoints: checkpointOptions.prefault({}),
      log_level: z
        .enum(LOG_LEVELS)
        .default('INFO')
        .describe('Least severe log lines that are written.'),
      derived: z
        .strictObject({
          log_level: z
            .enum(LOG_LEVELS)
            .default('INFO')
            .describe('Least severe log lines that are records of the derived stream too.'),
        })
        .prefault({}),
      state: z
        .string()
        .min(1)
        .optional()
        .describe('Folder of what outlives a restart (by default $XDG_STATE_HOME/spikescope).'),
      documents: documentOptions.prefault({}),
      alerts: alertOptions.prefault({}),
      nats: natsOptions.prefault({}),
      streams: streamOptions.prefault({}),
      conversions: conversionOptions.prefault({}),
      runs: runOptions.prefault({}),
      silence: silenceOptions.prefault({}),
      health: healthOptions.prefault({}),
      http: http.prefault({}),
      limits: limits.prefault({}),
      metrics: metrics.prefault({}),
      traces: tracesOptions.prefault({}),
      benchmarks: benchmarkOptions.prefault({}),
      adapters: adapterOptions,
      pipelines: z.strictObject(byName).prefault({}),
    })
    .superRefine(({ adapters, prefix, limits: bounds }, context) => {
      const { neuron_count_max: neuronCountMax, span_us_max: spanUsMax } = bounds;
      for (const issue of adapterIssues(adapters, { prefix, neuronCountMax, spanUsMax })) {
        context.addIssue({ code: 'custom', ...issue });
      }
    });
}

export type Config = z.output<ReturnType<typeof configSchema>>;
