import { connect, type Socket } from 'node:net';
import { ClosedLoop, windowOf } from './closed-loop.ts';
import type { Consumer } from './consumer.ts';
import type { SpikeStream } from './spike-stream.ts';

/** Bytes that may be on their way: well below what a server keeps for a slow client. */
const IN_FLIGHT_BYTES = 16 * 1024 * 1024;
const SLICE_BYTES = 1024 * 1024;
const POLL_MS = 40;
/** Time without a new message after which a run is given up. */
const STALL_MS_MAX = 12_000;

export interface BlastResult {
  readonly messages: number;
  readonly spikes: number;
  readonly wallS: number;
  readonly cpuS: number;
  /** Resident size at each look, in order. */
  readonly rssMb: readonly number[];
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** A raw connection that speaks just enough of the NATS protocol to publish. */
export async function openPublisher(natsPort: number): Promise<Socket> {
  const socket = connect(natsPort, '127.0.0.1');
  await new Promise((resolve, reject) => {
    socket.once('data', resolve);
    socket.once('error', reject);
  });
  socket.on('data', (data) => {
    if (data.includes('PING')) socket.write('PONG\r\n');
  });
  socket.write('CONNECT {"verbose":false,"pedantic":false,"lang":"bench","version":"1"}\r\n');
  return socket;
}

/** Writes bytes of a stream, and waits until the kernel has them. */
export async function send(socket: Socket, bytes: Uint8Array): Promise<void> {
  // The stream's buffer is used again: wait until the kernel has it.
  await new Promise<void>((resolve, reject) => {
    socket.write(bytes, (error) => (error ? reject(error) : resolve()));
  });
}

export interface BlastPace {
  readonly inFlightBytes: number;
  readonly pollMs: number;
  /** Messages that may be on their way, however small. */
  readonly inFlightMessages?: number;
}

const USUAL_PACE: BlastPace = { inFlightBytes: IN_FLIGHT_BYTES, pollMs: POLL_MS };

/**
 * Publishes `messages` of a stream, never more than 16 MiB ahead of the consumer, and measures what
 * they cost it: CPU of the whole process between the first message and the last.
 */
export async function blast(
  socket: Socket,
  stream: SpikeStream,
  consumer: Pick<Consumer, 'frames' | 'cpuS' | 'rssMb'>,
  messages: number,
  pace: BlastPace = USUAL_PACE,
): Promise<BlastResult> {
  const { inFlightBytes, pollMs, inFlightMessages = Number.POSITIVE_INFINITY } = pace;
  const slice = Math.max(1, Math.floor(SLICE_BYTES / stream.bytesPerMessage));
  const ahead = windowOf(stream.bytesPerMessage, inFlightBytes, inFlightMessages);
  const loop = new ClosedLoop(messages, ahead, await consumer.frames(), STALL_MS_MAX);
  const cpu0 = consumer.cpuS();
  const started = performance.now();
  const rssMb: number[] = [];
  while (!loop.isDone) {
    for (let count = loop.allowance(slice); count > 0; count = loop.allowance(slice)) {
      await send(socket, stream.next(count));
      loop.published(count);
    }
    await pause(loop.pauseMs(performance.now() - started, pollMs));
    const counter = await consumer.frames();
    loop.looked(counter, performance.now() - started);
    rssMb.push(consumer.rssMb());
  }
  const wallS = (performance.now() - started) / 1000;
  const cpuS = consumer.cpuS() - cpu0;
  const spikes = messages * stream.spikesPerFrame;
  return { messages, spikes, wallS, cpuS, rssMb };
}
