import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type JetStreamManager, jetstream, jetstreamManager } from '@nats-io/jetstream';
import { headers, type NatsConnection } from '@nats-io/transport-node';
import { onTestFinished } from 'vitest';
import { logFrame, powerFrame } from '../../src/emitter/frame-builders.ts';
import { frameMessage } from '../../src/emitter/frame-message.ts';
import { SequenceCounter } from '../../src/emitter/sequence-counter.ts';
import type { Frame } from '../../src/frames/frame.ts';
import { FRAME_LIMITS } from '../../src/frames/limits.ts';
import { MsgpackReader } from '../../src/frames/msgpack-read.ts';
import { ID_HEADER } from '../../src/sinks/derived-message.ts';
import { setUpStreams, streamNames, wantedStreams } from '../../src/sources/jetstream-streams.ts';
import { streamOptions } from '../../src/sources/stream-options.ts';
import { connectEmitter } from './nats-reader.ts';
import { type NatsServer, startNatsServer } from './nats-server.ts';
import { type ServiceProcess, startService } from './service-process.ts';

export const NAMES = streamNames('SPIKEFORMER');

/** For requests of the tests: a server that is starved answers late, which is no failure. */
export const PATIENT = { timeout: 60_000 };

/** Short times, so that a test sees several commits and checkpoints; no documents. */
export const QUICK = `
checkpoints: { interval: 200ms, commit_interval: 20ms }
documents: { store: none }
`;

/** A message as a stream has it. */
export interface KeptMessage {
  readonly subject: string;
  readonly sequence: number;
  readonly id: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

/** A server with the streams, services on it, and an emitter; all of it goes with the test. */
export class StreamLab {
  readonly nats: NatsServer;
  readonly connection: NatsConnection;
  readonly manager: JetStreamManager;
  private readonly counter = new SequenceCounter('test');
  private logs = 0;
  private powers = 0;

  private constructor(nats: NatsServer, connection: NatsConnection, manager: JetStreamManager) {
    this.nats = nats;
    this.connection = connection;
    this.manager = manager;
  }

  static async open(): Promise<StreamLab> {
    const nats = await startNatsServer({ jetStream: 'max_file: 40G' });
    onTestFinished(() => nats.stop());
    const connection = await connectEmitter(nats.url);
    onTestFinished(() => connection.close());
    const manager = await jetstreamManager(connection, PATIENT);
    const wanted = wantedStreams('spikeformer', streamOptions.parse({}), undefined);
    await setUpStreams(manager, wanted, { change: false });
    return new StreamLab(nats, connection, manager);
  }

  /** Starts a service; where no folder is named it has one of its own. */
  async serve(state = stateFolder(), config = QUICK): Promise<ServiceProcess> {
    const file = join(state, 'config.yaml');
    writeFileSync(file, config);
    const address = ['--nats', this.nats.url, '--http', '127.0.0.1:0'];
    const flags = ['--delivery', 'jetstream', '--state', state, '--config', file];
    const service = await startService(['run', ...address, ...flags]);
    onTestFinished(() => service.kill());
    return service;
  }

  /** Log frames: each is a record, and no chip is known by them. Their texts count from 0. */
  async publishLogs(count: number, bytes = 0): Promise<void> {
    const frames = Array.from({ length: count }, () => {
      const text = `line ${this.logs++}${'.'.repeat(bytes)}`;
      const t0Us = 1_800_000_000_000_000 + this.logs * 1000;
      return logFrame({ deviceType: 'cpu', chipId: '0', t0Us, level: 'INFO', text });
    });
    await this.publish(frames);
  }

  /** Power of 1 W, a sample and a second each: the energy is what the operator remembers. */
  async publishPower(count: number): Promise<void> {
    const frames = Array.from({ length: count }, () => {
      const t0Us = 1_800_000_000_000_000 + this.powers++ * 1_000_000;
      const chip = { deviceType: 'loihi2', chipId: '7' };
      return powerFrame({ ...chip, t0Us, spanUs: 1_000_000, dtUs: [0], watts: [1] });
    });
    await this.publish(frames);
  }

  private async publish(frames: readonly Frame[]): Promise<void> {
    const stream = jetstream(this.connection, PATIENT);
    const sent = frames.map((frame) => {
      const { subject, data, headers: list } = frameMessage(frame, { counter: this.counter });
      const fields = headers();
      for (const [name, value] of list) fields.set(name, value);
      return stream.publish(subject, Uint8Array.from(data), { headers: fields });
    });
    await Promise.all(sent);
  }

  async messages(stream: string, subjects: string): Promise<KeptMessage[]> {
    const kept: KeptMessage[] = [];
    const reader = new MsgpackReader({ ...FRAME_LIMITS, textCharsMax: 1e6, stringCharsMax: 1e6 });
    const consumer = await jetstream(this.connection, PATIENT).consumers.get(stream, {
      filter_subjects: [subjects],
    });
    const { num_pending: pending } = await consumer.info();
    if (pending === 0) return kept;
    for await (const message of await consumer.fetch({ max_messages: pending, expires: 20_000 })) {
      const { subject, seq: sequence } = message;
      const id = message.headers?.get(ID_HEADER) ?? '';
      const isRecord = message.headers?.get(ID_HEADER) !== '';
      const fields = isRecord ? reader.readMap(new Uint8Array(message.data)) : {};
      kept.push({ subject, sequence, id, fields });
    }
    return kept;
  }

  /** Records of a kind, in the order of their stream. */
  records(kind: string): Promise<KeptMessage[]> {
    return this.messages(NAMES.derived, `spikeformer.derived.${kind}.>`);
  }

  /** The numbers of the lines that were derived. */
  async lines(): Promise<number[]> {
    const records = await this.records('log');
    return records
      .map(({ fields }) => /^line (\d+)/.exec(String(fields['message']))?.[1])
      .filter((number) => number !== undefined)
      .map(Number);
  }

  /** Joules as each power record says them. */
  async joules(): Promise<number[]> {
    return (await this.records('power')).map(({ fields }) => Number(fields['energy_joules']));
  }

  async lastSequence(): Promise<number> {
    return (await this.manager.streams.info(NAMES.frames)).state.last_seq;
  }
}

/** A folder of state that goes with the test. */
export function stateFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'spikescope-lab-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true, maxRetries: 3 }));
  return folder;
}

/** 0 up to a number, without it. */
export function upTo(end: number, from = 0): number[] {
  return Array.from({ length: end - from }, (_, i) => from + i);
}
