/**
 * A host as users write one, in a process of its own:
 * `node host-program.ts <what> <server> <patience>`, in ms. It says what it knows on stdout, as
 * JSON, and ends when Node finds nothing more to do.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { createEmitter } from '../../src/emitter/emitter.ts';

const [what, servers, patience] = process.argv.slice(2);
const patienceMs = Number(patience);
const problems: string[] = [];
const emitter = createEmitter({
  servers: servers as string,
  deviceType: 'cpu',
  chipId: 'host',
  reconnectWaitMs: 50,
  exitWaitMs: patienceMs,
  onError: ({ reason, message }) => problems.push(`${reason}: ${message}`),
});
const layer = emitter.layer({ layerName: 'l0', neuronCount: 10 });

process.on('exit', (code) => {
  const { publishedSamples, bufferedSamples, batchedSamples, isConnected } = emitter.stats();
  const stats = { code, publishedSamples, bufferedSamples, batchedSamples, isConnected, problems };
  process.stdout.write(JSON.stringify(stats));
});
process.on('unhandledRejection', (error) => problems.push(`unhandled: ${error}`));

/** As long as it takes to know how it stands with NATS. */
async function work(): Promise<void> {
  while (!emitter.stats().isConnected && problems.length === 0) await sleep(10);
}

const PROGRAMS: Readonly<Record<string, () => unknown>> = {
  /** Does its work, has nothing to send, and is done. */
  idle: work,
  /** Records, and leaves without a word. */
  leaves: () => {
    for (let i = 0; i < 25_000; i++) layer.record(i % 10, i * 10);
  },
  /** Serves pings beside its work, which does not keep it. */
  pings: () => {
    emitter.answerPings();
    return work();
  },
  /** Only serves; ends when it is told to. */
  serves: () => {
    const stop = emitter.serveBenchmarks('cpu', () => {
      stop();
      return { latencySeconds: 1, throughputPerSecond: 1 };
    });
  },
  closes: () => {
    layer.record(1, 5);
    return emitter.close({ timeoutMs: patienceMs });
  },
};
await PROGRAMS[what as string]?.();
