import type { NatsConnection } from '@nats-io/transport-node';
import { ID_HEADER } from '../../sinks/derived-message.ts';
import { DerivedReader } from '../../sources/derived-reader.ts';
import { documentsConsumer } from '../../sources/jetstream-streams.ts';
import type { Serving } from '../serving.ts';
import type { RareLog } from './rare-log.ts';

export interface DocumentReadingParts extends Pick<Serving, 'config' | 'documents' | 'telemetry'> {
  readonly connection: () => NatsConnection | undefined;
  /** Name of the derived stream. */
  readonly stream: string;
  readonly rare: RareLog;
}

const WINDOW = { messages: 4096, bytes: 8 * 1024 * 1024 };

/** Records of the derived stream on their way into documents, apart from all else. */
export class DocumentReading {
  /** All messages up to this one are documents; kept in checkpoints. */
  to = 0;
  private readonly reader: DerivedReader | undefined;

  constructor(parts: DocumentReadingParts) {
    const { connection, stream, config, documents, telemetry, rare } = parts;
    const { sink } = documents;
    // No documents are written.
    if (sink === undefined) return;
    this.reader = new DerivedReader({
      ...{ connection, stream },
      interrupted: (reason) => {
        telemetry.own.streamInterruptions.series('documents').add(1);
        rare.warn('documents', `reading records for documents begins anew: ${reason}`);
      },
      consumer: documentsConsumer(config.prefix),
      idHeader: ID_HEADER,
      window: WINDOW,
      hasRoom: () => sink.hasRoom,
      take: (record, id, isAgain, settled) => sink.takeKept(record, id, isAgain, settled),
      from: () => this.to + 1,
      reached: (sequence) => {
        this.to = Math.max(this.to, sequence);
      },
    });
  }

  /** Until the signal; at once where no documents are written. */
  async run(signal: AbortSignal): Promise<void> {
    await this.reader?.run(signal);
  }
}
