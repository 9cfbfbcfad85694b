import { NO_SINKS } from '../component/record-sinks.ts';
import { isAtLeast } from '../frames/log.ts';
import { DEAD_LETTER_LIMITS, deadLetters } from '../sinks/dead-letters.ts';
import { NatsOutbox, type OutboxLimits } from '../sinks/nats-outbox.ts';
import { OWN_FRAME_LIMITS } from '../sinks/own-frames.ts';
import { ArrivalClock } from '../sources/arrival-clock.ts';
import { runBenchmarks } from './benchmark-parts.ts';
import { natsPings } from './health-parts.ts';
import { JetStreamDelivery } from './jetstream/delivery.ts';
import { NoJetStreamError, whyNoJetStream } from './jetstream/offered.ts';
import { createService } from './service.ts';
import { dropped, fanOut, type Serving, STOP_MS_MAX, shownServers, showQueues } from './serving.ts';

/**
 * Each frame exactly once, until the signal (DESIGN §6).
 * @throws NoJetStreamError where the server was to be asked and has none
 */
export async function serveJetStream(parts: Serving): Promise<void> {
  const { config, telemetry, traces, link, documents, alerts, signal } = parts;
  const { log, own } = telemetry;
  const outbox = (sink: string, limits: OutboxLimits) =>
    new NatsOutbox({
      connection: () => link.connection,
      limits,
      dropped: dropped(own, sink),
      confirmed: 'stored',
    });
  const dead = outbox('dead', DEAD_LETTER_LIMITS);
  const found = outbox('own', OWN_FRAME_LIMITS);
  const delivery = new JetStreamDelivery({ ...parts, ownOutbox: found, deadOutbox: dead });
  const service = createService({
    ...parts,
    dead: deadLetters(config.prefix, dead, delivery.deadId),
    sinks: {
      ...NO_SINKS,
      derived: fanOut(delivery.derived, alerts.take),
      derivedLog: (level) => isAtLeast(level, config.derived.log_level),
      spans: traces.take,
    },
    watches: [],
    documents: documents.store,
    pings: natsPings(config, link),
    database: documents.check,
    alerts: alerts.route,
    stream: delivery.stream,
    beforeScrape: () => {
      documents.beforeScrape();
      delivery.beforeScrape();
      showQueues(own, {
        ...{ dead, own: found },
        ...delivery.queues,
        ...traces.queues,
        ...documents.queues,
        ...alerts.queues,
      });
    },
  });
  // Until the stream is caught up with, what is derived is of another time, or was told before.
  const { isBehind, isAgain } = delivery.stream;
  alerts.useStream(service.topology.states, () => isBehind() || isAgain());
  alerts.confirmByStream();
  const clock = new ArrivalClock();
  try {
    await documents.start();
    alerts.start();
    await service.serve(`JetStream at ${shownServers(config)}`, () => link.isConnected);
    if (!(await connected(parts))) return;
    own.natsConnected.series().set(1);
    await Promise.all([
      delivery.run(service, (inlet) => traces.around(inlet), signal),
      runBenchmarks({ config, link, log, own, clock }, delivery.stream.own, signal),
    ]);
  } finally {
    const late = AbortSignal.timeout(STOP_MS_MAX);
    // The last checkpoint waits for dead letters; documents are read from the stream again.
    await delivery.close(late);
    await Promise.all([dead, found, traces, documents, alerts].map((sink) => sink.close(late)));
    await link.close();
    await service.close();
  }
}

/** Waits for the server, and for its word where that was to be found out; false at the signal. */
async function connected({ config, link, signal }: Serving): Promise<boolean> {
  let why: string | undefined;
  try {
    const connection = await link.open(signal);
    if (config.delivery === 'auto') why = await whyNoJetStream(connection);
  } catch (error) {
    if (signal.aborted) return false;
    throw error;
  }
  if (why !== undefined) throw new NoJetStreamError(why);
  return true;
}
