import { connect, type Msg, type MsgHdrs, type NatsConnection } from '@nats-io/transport-node';
import { createEmitter, type Emitter, type EmitterOptions } from '../../src/emitter/emitter.ts';
import type { EmitterProblem } from '../../src/emitter/problem-reports.ts';
import { FrameDecoder } from '../../src/frames/decode.ts';
import { type Frame, sampleCount } from '../../src/frames/frame.ts';
import { FRAME_KINDS } from '../../src/frames/header.ts';
import { parseSubject } from '../../src/frames/subject.ts';

/** For `flush` and `close` of what has to go: on a busy machine the usual five seconds are few. */
export const PATIENT = { timeoutMs: 120_000 };

/** Reads every frame on a server as the service would, repeats told by seq and emitter. */
export class FrameReader {
  readonly frames: Frame[] = [];
  readonly headers: (MsgHdrs | undefined)[] = [];
  /** Frames that had come before. */
  repeats = 0;
  readonly connection: NatsConnection;
  private readonly seen = new Set<string>();

  private constructor(connection: NatsConnection) {
    this.connection = connection;
  }

  static async start(url: string, token?: string): Promise<FrameReader> {
    const connection = await connect({
      servers: url,
      ...(token !== undefined && { token }),
      reconnectTimeWait: 20,
      maxReconnectAttempts: -1,
      maxPingOut: 100,
    });
    const reader = new FrameReader(connection);
    const callback = (_error: Error | null, { subject, data, headers }: Msg) => {
      const type = headers?.get('Content-Type');
      // Columns lie in the message or in the decoder: both are this frame's own.
      const bytes = new Uint8Array(data);
      const from = parseSubject('spikeformer', subject);
      const frame = new FrameDecoder().decode(bytes, from, type);
      const key = `${frame.emitter} ${subject} ${frame.seq}`;
      if (reader.seen.has(key)) reader.repeats++;
      else {
        reader.seen.add(key);
        reader.frames.push(frame);
        reader.headers.push(headers);
      }
    };
    for (const kind of FRAME_KINDS) connection.subscribe(`spikeformer.${kind}.>`, { callback });
    await connection.flush();
    return reader;
  }

  /** Listens again after an outage. */
  isBack(): Promise<boolean> {
    return this.connection.flush().then(
      () => true,
      () => false,
    );
  }

  get samples(): number {
    return this.frames.reduce((sum, frame) => sum + sampleCount(frame), 0);
  }

  ofKind<Kind extends Frame['kind']>(kind: Kind): Extract<Frame, { kind: Kind }>[] {
    return this.frames.filter((frame) => frame.kind === kind) as Extract<Frame, { kind: Kind }>[];
  }

  stop(): Promise<void> {
    return this.connection.close();
  }
}

/** An emitter that connects quickly, and what it complained of. */
export function testEmitter(
  servers: string,
  options: Partial<EmitterOptions> = {},
): { readonly emitter: Emitter; readonly problems: EmitterProblem[] } {
  const problems: EmitterProblem[] = [];
  const emitter = createEmitter({
    servers,
    deviceType: 'loihi2',
    chipId: 'chip0',
    name: 'test',
    reconnectWaitMs: 20,
    onError: (problem) => problems.push(problem),
    ...options,
  });
  return { emitter, problems };
}

/** All that was recorded and did not stay: where it went. */
export function accounted(emitter: Emitter): number {
  const stats = emitter.stats();
  const dropped = Object.values(stats.droppedSamples).reduce((sum, count) => sum + count, 0);
  return stats.publishedSamples + stats.batchedSamples + stats.bufferedSamples + dropped;
}
