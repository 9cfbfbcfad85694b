import { NO_SINKS } from '../component/record-sinks.ts';
import { isAtLeast } from '../frames/log.ts';
import { DEAD_LETTER_LIMITS, deadLetters } from '../sinks/dead-letters.ts';
import { DERIVED_LIMITS, derivedStream } from '../sinks/derived-stream.ts';
import { NatsOutbox, type OutboxLimits } from '../sinks/nats-outbox.ts';
import { ArrivalClock } from '../sources/arrival-clock.ts';
import { EVENT_LOOP, Inbox, inboxLimits } from '../sources/inbox.ts';
import { NatsSource } from '../sources/nats.ts';
import { adaptedSubjects } from './adapted.ts';
import { runBenchmarks } from './benchmark-parts.ts';
import { natsPings } from './health-parts.ts';
import { createService } from './service.ts';
import { dropped, fanOut, type Serving, STOP_MS_MAX, shownServers, showQueues } from './serving.ts';

/** Frames as they are sent, until the signal: best effort. */
export async function serveCore(parts: Serving): Promise<void> {
  const { config, telemetry, traces, link, documents, alerts, signal } = parts;
  const { log, own } = telemetry;
  const inbox = new Inbox(inboxLimits(config.nats.buffer_bytes), EVENT_LOOP, dropped(own, 'nats'));
  const outbox = (sink: string, limits: OutboxLimits) =>
    new NatsOutbox({ connection: () => link.connection, limits, dropped: dropped(own, sink) });
  const dead = outbox('dead', DEAD_LETTER_LIMITS);
  const derived = outbox('derived', DERIVED_LIMITS);
  const service = createService({
    ...parts,
    dead: deadLetters(config.prefix, dead),
    sinks: {
      ...NO_SINKS,
      derived: fanOut(derivedStream(config.prefix, derived), documents.take, alerts.take),
      derivedLog: (level) => isAtLeast(level, config.derived.log_level),
      spans: traces.take,
    },
    watches: [],
    documents: documents.store,
    pings: natsPings(config, link),
    database: documents.check,
    alerts: alerts.route,
    beforeScrape: () => {
      documents.beforeScrape();
      const others = { ...traces.queues, ...documents.queues, ...alerts.queues };
      showQueues(own, { nats: inbox, dead, derived, ...others });
    },
  });
  const clock = new ArrivalClock();
  const source = new NatsSource({
    link,
    prefix: config.prefix,
    adapted: adaptedSubjects(config),
    inbox,
    clock,
    listening: () => {
      own.natsConnected.series().set(1);
      const subjects = [`${config.prefix}.<kind>.>`, ...adaptedSubjects(config)];
      log.info(`listening on ${subjects.join(', ')}`);
    },
  });
  try {
    await documents.start();
    alerts.start();
    await service.serve(`core NATS at ${shownServers(config)}`, () => link.isConnected);
    const { inlet } = service.topology;
    const benchmarks = { config, link, log, own, clock };
    await Promise.all([
      source.run(traces.around(inlet), signal),
      runBenchmarks(benchmarks, inlet, signal),
    ]);
  } finally {
    // Stopping follows the flow: the source has ended, then the sinks, then what they share.
    const late = AbortSignal.timeout(STOP_MS_MAX);
    const sinks = [dead, derived, traces, documents, alerts];
    await Promise.all(sinks.map((sink) => sink.close(late)));
    await link.close();
    await service.close();
  }
}
