import type { Service } from '../../scripts/services/service.ts';
import type { EventForm } from './events.ts';

/** What a peer is asked to read in a run. */
export interface PeerTask {
  readonly natsUrl: string;
  readonly subject: string;
  readonly isBatched: boolean;
  /** A JetStream stream to read with acknowledgements; core NATS where undefined. */
  readonly stream: string | undefined;
  /** Where derived documents go too; nowhere where undefined. */
  readonly elasticsearchUrl: string | undefined;
}

export interface PeerCommand {
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Files that it wants in its folder. */
  readonly files?: Readonly<Record<string, string>>;
}

/** What a user would take in place of Spikescope for a part of its work. */
export interface Peer {
  readonly name: string;
  /** Something that others maintain, or a program of a page. */
  readonly kind: 'product' | 'by hand';
  /** As told in the document. */
  readonly version: string;
  /** How it is had; what the repository has all of is undefined. */
  readonly service: Service | undefined;
  /** The events of a message as it takes them best. */
  formOf(isBatched: boolean): EventForm;
  /** What its process is told; `port` is free for what it serves, `folder` its own. */
  command(task: PeerTask, port: number, folder: string): PeerCommand;
  /** Where its metrics are, when it does not print an address. */
  readonly metricsPath: string;
  /** It prints `serving on http://…`; otherwise it serves on the port that it was given. */
  readonly printsAddress: boolean;
  /** Begin of the lines whose values add up to the events counted. */
  readonly series: RegExp;
  readonly canWriteDocuments: boolean;
}

/** Buckets of the membrane histogram, the same for all, mV. */
export const BUCKETS_MV = [-75, -70, -65, -60, -55, -50, -45, -40, -35, -30];
