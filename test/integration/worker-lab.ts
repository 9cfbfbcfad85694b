import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type JetStreamManager, jetstream, jetstreamManager } from '@nats-io/jetstream';
import { headers, type NatsConnection } from '@nats-io/transport-node';
import { onTestFinished } from 'vitest';
import { powerFrame } from '../../src/emitter/frame-builders.ts';
import { frameMessage } from '../../src/emitter/frame-message.ts';
import { SequenceCounter } from '../../src/emitter/sequence-counter.ts';
import type { Frame } from '../../src/frames/frame.ts';
import { FRAME_LIMITS } from '../../src/frames/limits.ts';
import { MsgpackReader } from '../../src/frames/msgpack-read.ts';
import { ID_HEADER, OWNER_HEADER } from '../../src/sinks/derived-message.ts';
import { type Marker, parseMarker } from '../../src/sinks/marker.ts';
import { setUpStreams, streamNames, wantedStreams } from '../../src/sources/jetstream-streams.ts';
import { streamOptions } from '../../src/sources/stream-options.ts';
import { connectEmitter } from './nats-reader.ts';
import { type NatsServer, startNatsServer } from './nats-server.ts';
import { type ServiceProcess, startService } from './service-process.ts';
import { PATIENT, stateFolder } from './stream-lab.ts';

const NAMES = streamNames('SPIKEFORMER');
const T0_US = 1_800_000_000_000_000;

/** What a commit of a part says that it added. */
export interface Mark {
  readonly part: string;
  readonly owner: string;
  readonly epoch: number;
  readonly from: number;
  readonly to: number;
  readonly sequence: number;
  /** In the derived stream. */
  readonly at: number;
}

export interface DerivedMessage {
  readonly subject: string;
  readonly at: number;
  readonly id: string;
  readonly owner: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

/** A server with a partitioned stream, workers on it, and chips that publish. */
export class WorkerLab {
  readonly partitions: number;
  readonly nats: NatsServer;
  readonly manager: JetStreamManager;
  private readonly connection: NatsConnection;
  private readonly counter = new SequenceCounter('test');
  private rounds = 0;

  private constructor(
    nats: NatsServer,
    connection: NatsConnection,
    manager: JetStreamManager,
    partitions: number,
  ) {
    this.nats = nats;
    this.connection = connection;
    this.manager = manager;
    this.partitions = partitions;
  }

  static async open(partitions: number): Promise<WorkerLab> {
    const nats = await startNatsServer({ jetStream: 'max_file: 40G' });
    onTestFinished(() => nats.stop());
    const connection = await connectEmitter(nats.url);
    onTestFinished(() => connection.close());
    const manager = await jetstreamManager(connection, PATIENT);
    const wanted = wantedStreams('spikeformer', streamOptions.parse({ partitions }), undefined);
    await setUpStreams(manager, wanted, { change: false });
    return new WorkerLab(nats, connection, manager, partitions);
  }

  /** The flags of a worker with a folder of its own, which a restart may use again. */
  flags(state = stateFolder(), ttl = '2s', more = ''): string[] {
    const file = join(state, 'config.yaml');
    const config = `
streams: { partitions: ${this.partitions} }
workers: { ttl: ${ttl}, marks: true }
checkpoints: { interval: 300ms, commit_interval: 50ms }
documents: { store: none }
silence: { after: 24h, forget: 720h }
${more}`;
    writeFileSync(file, config);
    const address = ['--nats', this.nats.url, '--http', '127.0.0.1:0'];
    return ['run', ...address, '--state', state, '--config', file];
  }

  async worker(state = stateFolder(), ttl = '2s', more = ''): Promise<ServiceProcess> {
    const worker = await startService(this.flags(state, ttl, more));
    onTestFinished(() => worker.kill());
    return worker;
  }

  /** So many seconds of power of 1 W of each chip: a joule a second, but for the first. */
  async publish(seconds: number, chips = 20): Promise<void> {
    for (let i = 0; i < seconds; i++, this.rounds++) {
      const t0Us = T0_US + this.rounds * 1_000_000;
      const frames = Array.from({ length: chips }, (_, chip) => {
        const names = { deviceType: 'loihi2', chipId: String(chip) };
        return powerFrame({ ...names, t0Us, spanUs: 1_000_000, dtUs: [0], watts: [1] });
      });
      await Promise.all(frames.map((frame) => this.send(frame)));
    }
  }

  async send(frame: Frame): Promise<void> {
    const { subject, data, headers: list } = frameMessage(frame, { counter: this.counter });
    const fields = headers();
    for (const [name, value] of list) fields.set(name, value);
    await jetstream(this.connection, PATIENT).publish(subject, Uint8Array.from(data), {
      headers: fields,
    });
  }

  async messages(filter: string, stream = NAMES.derived): Promise<DerivedMessage[]> {
    const consumer = await jetstream(this.connection, PATIENT).consumers.get(stream, {
      filter_subjects: [filter],
    });
    const { num_pending: pending } = await consumer.info();
    const found: DerivedMessage[] = [];
    if (pending === 0) return found;
    const reader = new MsgpackReader({ ...FRAME_LIMITS, textCharsMax: 1e6, stringCharsMax: 1e6 });
    for await (const message of await consumer.fetch({ max_messages: pending, expires: 20_000 })) {
      const id = message.headers?.get(ID_HEADER) ?? '';
      const data = new Uint8Array(message.data);
      const isJson = data[0] === '{'.charCodeAt(0);
      found.push({
        subject: message.subject,
        at: message.seq,
        id,
        owner: message.headers?.get(OWNER_HEADER) ?? '',
        fields: isJson ? message.json() : reader.readMap(data),
      });
    }
    return found;
  }

  async marks(): Promise<Mark[]> {
    const messages = await this.messages('spikeformer.control.mark.>');
    return messages.map(({ subject, at, fields }) => {
      return { ...(fields as unknown as Mark), at, part: subject.split('.')[3] as string };
    });
  }

  async marker(part: string): Promise<Marker | undefined> {
    const subject = `spikeformer.control.part.${part}`;
    const message = await this.manager.streams
      .getMessage(NAMES.derived, { last_by_subj: subject })
      .catch(() => null);
    return message === null ? undefined : parseMarker(message.data);
  }

  /** Messages of the stream of frames, by partition. */
  async stored(): Promise<Map<string, number>> {
    const { state } = await this.manager.streams.info(NAMES.frames, { subjects_filter: '>' });
    const counts = new Map<string, number>();
    for (const [subject, count] of Object.entries(state.subjects ?? {})) {
      const part = `p${subject.split('.').at(-1)}`;
      counts.set(part, (counts.get(part) ?? 0) + count);
    }
    return counts;
  }

  /** Whether all that is stored is in the markers. */
  async isSettled(): Promise<boolean> {
    for (const [part, count] of await this.stored()) {
      if ((await this.marker(part))?.frames !== count) return false;
    }
    return true;
  }

  /** Joules of each chip, in the order of their records. */
  async joules(): Promise<Map<string, number[]>> {
    const byChip = new Map<string, number[]>();
    for (const { fields } of await this.messages('spikeformer.derived.power.>')) {
      const chip = String(fields['chip_id']);
      byChip.set(chip, [...(byChip.get(chip) ?? []), Number(fields['energy_joules'])]);
    }
    return byChip;
  }

  /** What is wrong with the marks: each message of a part is to be in exactly one. */
  async oddMarks(): Promise<string[]> {
    const odd: string[] = [];
    const ends = new Map<string, Mark>();
    for (const mark of (await this.marks()).toSorted((a, b) => a.at - b.at)) {
      const before = ends.get(mark.part);
      if (mark.from !== (before?.to ?? 0)) odd.push(`${mark.part}: a hole before ${mark.from}`);
      if (mark.to <= mark.from) odd.push(`${mark.part}: nothing in ${mark.from}`);
      if (mark.epoch < (before?.epoch ?? 0)) odd.push(`${mark.part}: ${mark.owner} came back`);
      ends.set(mark.part, mark);
    }
    for (const [part, count] of await this.stored()) {
      const to = ends.get(part)?.to ?? 0;
      if (to !== count) odd.push(`${part}: ${to} of ${count} marked`);
    }
    return odd;
  }
}
