import { connect, type Socket } from 'node:net';
import type { Consumer } from './consumer.ts';
import type { SpikeStream } from './spike-stream.ts';

/** Bytes that may be on their way: well below what a server keeps for a slow client. */
const IN_FLIGHT_BYTES = 16 * 1024 * 1024;
const SLICE_BYTES = 1024 * 1024;
const POLL_MS = 40;
/** Polls without a new message after which the run is given up. */
const STALLS_MAX = 250;

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
}

const USUAL_PACE: BlastPace = { inFlightBytes: IN_FLIGHT_BYTES, pollMs: POLL_MS };

/**
 * Publishes `messages` of a stream, never more than 16 MiB ahead of the consumer, and measures what
 * they cost it: CPU of the whole process between the first message and the last.
 */
export async function blast(
  socket: Socket,
  stream: SpikeStream,
  consumer: Consumer,
  messages: number,
  { inFlightBytes, pollMs }: BlastPace = USUAL_PACE,
): Promise<BlastResult> {
  const before = await consumer.frames();
  const slice = Math.max(1, Math.floor(SLICE_BYTES / stream.bytesPerMessage));
  const ahead = Math.max(slice, Math.floor(inFlightBytes / stream.bytesPerMessage));
  const cpu0 = consumer.cpuS();
  const started = performance.now();
  let sent = 0;
  let done = 0;
  let stalls = 0;
  const rssMb: number[] = [];
  while (done < messages) {
    while (sent < messages && sent - done < ahead) {
      const count = Math.min(slice, messages - sent);
      await send(socket, stream.next(count));
      sent += count;
    }
    await pause(pollMs);
    const counted = (await consumer.frames()) - before;
    stalls = counted === done ? stalls + 1 : 0;
    if (stalls > STALLS_MAX) throw new Error(`${counted} of ${sent} messages arrived, no more`);
    done = counted;
    rssMb.push(consumer.rssMb());
  }
  const wallS = (performance.now() - started) / 1000;
  const cpuS = consumer.cpuS() - cpu0;
  const spikes = messages * stream.spikesPerFrame;
  return { messages, spikes, wallS, cpuS, rssMb };
}
