import type { DerivedRecord } from '../../component/derived-record.ts';
import type { DeadMessage } from '../../component/message.ts';
import type { AnyPipeline } from '../../component/pipeline.ts';
import type { Inlet } from '../../component/source.ts';
import type { ChipMonitor } from '../../sources/chip-monitor.ts';
import type { Topology } from '../../topology/topology.ts';
import type { OwnTelemetry } from '../own-telemetry.ts';

/** The messages that a part is made of. */
export interface PartInput {
  readonly stream: string;
  readonly filters: readonly string[];
  /**
   * Messages of others in it are replaced by newer ones, as leases are: that the stream begins
   * later than it did says nothing of those of this part.
   */
  readonly isThinned: boolean;
  /** What a message's subject was before the stream stored it. */
  readonly subjectOf: (stored: string) => string;
}

/** What a part says to what works on its messages. */
export interface PartHost {
  readonly telemetry: OwnTelemetry;
  /** Takes a record that was derived. */
  readonly derived: (record: DerivedRecord) => void;
  readonly dead: (dead: DeadMessage) => void;
  readonly isBehind: () => boolean;
  readonly isAgain: () => boolean;
  /**
   * Others have heard of this owner so lately that none can have taken over: only then may it say
   * what no fence would keep from being heard.
   */
  readonly isHeld: () => boolean;
}

/** What works on the messages of a part: the same pipelines for each, with their own state. */
export interface PartWorking {
  readonly topology: Pick<Topology, 'inlet' | 'states' | 'metricsOf'>;
  /** Undefined where no chips are asked. */
  readonly monitor: ChipMonitor | undefined;
  readonly around: (inlet: Inlet) => Inlet;
  /** It stands where it left off: what has a clock begins. */
  start(signal: AbortSignal): void;
  /** Once a second. */
  tick(isSourceThere: boolean): void;
  /** Tells what is to be told, until the signal; not at all where the part is another's. */
  close(signal: AbortSignal): Promise<void>;
}

/** A kind of parts: of frames, or of what was derived from them. */
export interface PartWork {
  /** `p7`, or `join`. */
  readonly key: string;
  readonly input: PartInput;
  readonly pipelines: readonly AnyPipeline[];
  /** Tells the ids of its records from those of the stream of frames; '' for those. */
  readonly idMark: string;
  begin(host: PartHost): PartWorking;
}

/** The stream was made anew under a part. */
export class OtherStreamError extends Error {
  override readonly name = 'OtherStreamError';
}
