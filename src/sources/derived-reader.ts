import { setTimeout as sleep } from 'node:timers/promises';
import { type ConsumerInfo, jetstreamManager } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import type { DerivedRecord } from '../component/derived-record.ts';
import { CONSUMER_NOT_FOUND, isAnswer } from '../component/jetstream-codes.ts';
import { TIMERS } from '../component/timers.ts';
import { FRAME_LIMITS, type FrameLimits } from '../frames/limits.ts';
import { MsgpackReader } from '../frames/msgpack-read.ts';
import type { WantedConsumer } from './jetstream-streams.ts';
import { PullSession, type PullWindow } from './pull-session.ts';
import { headerOf } from './wire-headers.ts';
import type { WireMessage } from './wire-message.ts';

export interface DerivedReaderParts {
  readonly connection: () => NatsConnection | undefined;
  /** Name of the derived stream. */
  readonly stream: string;
  readonly consumer: WantedConsumer;
  /** The header that holds a record's id. */
  readonly idHeader: string;
  readonly window: PullWindow;
  readonly hasRoom: () => boolean;
  /**
   * Takes a record with its id; calls `settled` when it is where it belongs. False where there is
   * no room: it comes again. `isAgain`: it was taken before, by this process or another.
   */
  readonly take: (
    record: DerivedRecord,
    id: string,
    isAgain: boolean,
    settled: () => void,
  ) => boolean;
  /** Where to begin should the consumer be gone: the first message that was not acknowledged. */
  readonly from: () => number;
  /** All up to this message of the derived stream are acknowledged, by the server's word. */
  readonly reached: (sequence: number) => void;
  readonly interrupted: (reason: string) => void;
}

const API_MS_MAX = 2000;
const LOOK_EVERY_MS = 1000;
const RETRY_MS_MAX = 2000;
/** Records are our own, and hold texts. */
const RECORD_LIMITS: FrameLimits = {
  ...FRAME_LIMITS,
  payloadBytesMax: 64 * 1024 * 1024,
  stringCharsMax: 1024 * 1024,
  textCharsMax: 1024 * 1024,
  nestingMax: 16,
};

/**
 * Derived records out of their stream for one sink, by a durable consumer of its own: what the sink
 * does not have is offered again, by whoever works then. A sink that is away holds up nothing but
 * itself, and the stream is its queue.
 */
export class DerivedReader {
  private readonly parts: DerivedReaderParts;
  private readonly reader = new MsgpackReader(RECORD_LIMITS);
  /** The newest reply subject of each message that the sink has not settled, by its sequence. */
  private readonly open = new Map<number, string>();
  private session: PullSession | undefined;
  /** Up to this message a consumer that was deleted may have delivered: this one does not know. */
  private againTo = 0;

  constructor(parts: DerivedReaderParts) {
    this.parts = parts;
  }

  /** Room for more may have come. */
  wake(): void {
    this.session?.wake();
  }

  async run(signal: AbortSignal): Promise<void> {
    const stop = () => this.session?.finish('stopped');
    signal.addEventListener('abort', stop, { once: true });
    while (!signal.aborted) {
      const reason = await this.readOnce(signal).catch((error: unknown) => String(error));
      if (signal.aborted) return;
      this.parts.interrupted(reason);
      await sleep(Math.random() * RETRY_MS_MAX, undefined, { signal }).catch(() => {});
    }
  }

  private async readOnce(signal: AbortSignal): Promise<string> {
    const connection = this.parts.connection();
    if (connection === undefined || connection.isClosed()) return 'not connected to NATS';
    const info = await this.consumer(connection);
    if (signal.aborted) return 'stopped';
    const { stream, window, hasRoom } = this.parts;
    this.session = new PullSession({
      ...{ connection, stream, consumer: info.name, window, hasRoom, timers: TIMERS },
      take: (message, { streamSequence, deliveries }) => {
        this.take(message, streamSequence, deliveries > 1 || streamSequence <= this.againTo);
        return undefined;
      },
    });
    const looks = setInterval(() => {
      // What fails here fails the session as well, or passes.
      this.look(connection).catch(() => {});
    }, LOOK_EVERY_MS);
    try {
      return await this.session.ended;
    } finally {
      clearInterval(looks);
    }
  }

  /**
   * How far the sink is. Only the server knows: what was delivered to a process before this one,
   * and not acknowledged, comes again at its time.
   */
  private async look(connection: NatsConnection): Promise<void> {
    const { stream, consumer, reached } = this.parts;
    const manager = await jetstreamManager(connection, { timeout: API_MS_MAX, checkAPI: false });
    const info = await manager.consumers.info(stream, consumer.durable_name);
    reached(info.ack_floor.stream_seq);
  }

  /** The consumer as it is; made anew, behind what was settled, where somebody deleted it. */
  private async consumer(connection: NatsConnection): Promise<ConsumerInfo> {
    const { stream, consumer, from } = this.parts;
    const manager = await jetstreamManager(connection, { timeout: API_MS_MAX, checkAPI: false });
    try {
      return await manager.consumers.info(stream, consumer.durable_name);
    } catch (error) {
      if (!isAnswer(error, CONSUMER_NOT_FOUND)) throw error;
    }
    const first = from();
    this.againTo = (await manager.streams.info(stream)).state.last_seq;
    const start =
      first <= 1 ? {} : { deliver_policy: 'by_start_sequence' as const, opt_start_seq: first };
    return await manager.consumers.add(stream, { ...consumer, ...start });
  }

  private take(message: WireMessage, sequence: number, isAgain: boolean): void {
    const reply = message.reply();
    // One that was delivered before and still waits is not offered twice: the newest reply counts.
    const isWaiting = this.open.has(sequence);
    this.open.set(sequence, reply);
    if (isWaiting) return;
    const record = this.recordOf(message);
    const settled = (): void => this.settle(sequence);
    if (record === undefined) settled();
    else if (!this.parts.take(record.record, record.id, isAgain, settled)) {
      this.open.delete(sequence);
    }
  }

  private settle(sequence: number): void {
    const reply = this.open.get(sequence);
    this.open.delete(sequence);
    const connection = this.parts.connection();
    if (reply !== undefined && connection?.isClosed() === false) {
      connection.publish(reply, '+ACK');
    }
    this.session?.wake();
  }

  /** Undefined for what is no record of a stream's frame. */
  private recordOf(
    message: WireMessage,
  ): { readonly record: DerivedRecord; readonly id: string } | undefined {
    const id = headerOf(message, this.parts.idHeader);
    if (id === undefined || id === '') return undefined;
    try {
      // The client's memory is written over by its next read, and a bin is a view on it.
      const read = this.reader.readMap(new Uint8Array(message.data()));
      const { v: _v, record, t0, span_us, ...fields } = read;
      if (typeof record !== 'string') return undefined;
      const t0Us = Number(t0);
      const spanUs = Number(span_us);
      return { id, record: { record, key: [], t0Us, spanUs, fields } };
    } catch {
      return undefined;
    }
  }
}
