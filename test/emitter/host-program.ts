/**
 * A host as users write one, in a process of its own: `node host-program.ts <what> <server>`. It
 * says what it knows on stdout, as JSON, and ends when Node finds nothing more to do.
 */
import { createEmitter } from '../../src/emitter/emitter.ts';

const [what, servers] = process.argv.slice(2);
const problems: string[] = [];
const emitter = createEmitter({
  servers: servers as string,
  deviceType: 'cpu',
  chipId: 'host',
  reconnectWaitMs: 50,
  exitWaitMs: 300,
  onError: ({ reason, message }) => problems.push(`${reason}: ${message}`),
});
const layer = emitter.layer({ layerName: 'l0', neuronCount: 10 });

process.on('exit', (code) => {
  const { publishedSamples, bufferedSamples, batchedSamples, isConnected } = emitter.stats();
  const stats = { code, publishedSamples, bufferedSamples, batchedSamples, isConnected, problems };
  process.stdout.write(JSON.stringify(stats));
});
process.on('unhandledRejection', (error) => problems.push(`unhandled: ${error}`));

const PROGRAMS: Readonly<Record<string, () => unknown>> = {
  /** Does its work, has nothing to send, and is done. */
  idle: () => new Promise((resolve) => setTimeout(resolve, 200)),
  /** Records, and leaves without a word. */
  leaves: () => {
    for (let i = 0; i < 25_000; i++) layer.record(i % 10, i * 10);
  },
  /** Serves pings beside its work, which does not keep it. */
  pings: () => {
    emitter.answerPings();
    return new Promise((resolve) => setTimeout(resolve, 200));
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
    return emitter.close();
  },
};
await PROGRAMS[what as string]?.();
