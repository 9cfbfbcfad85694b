import type {
  RecordingsAnswer,
  ReplayControl,
  ReplayRequest,
} from '../../sinks/live/replay-schemas.ts';
import type { LiveOutlet, Subscription } from '../live/live-hub.ts';

/** An answer as it goes out: a code and JSON. */
export interface ReplayAnswer {
  readonly status: number;
  readonly body: string;
}

/** A recording that is replayed, in a thread of its own. */
export interface Replay {
  control(control: ReplayControl): Promise<ReplayAnswer>;
  state(): Promise<ReplayAnswer>;
  /** What a path of the API answers, of this replay. */
  view(path: string, query: unknown): Promise<ReplayAnswer>;
  stream(outlet: LiveOutlet, subscription: Subscription): void;
  /** Whether one more stream may look at it. */
  readonly isFull: boolean;
}

/** Why a replay does not begin. */
export interface ReplayRefusal {
  readonly status: 404 | 413 | 503;
  readonly error: string;
}

/** Recordings of the configured folder, and what is replayed of them. */
export interface ReplayHost {
  recordings(): Promise<RecordingsAnswer>;
  begin(request: ReplayRequest): Promise<Replay | ReplayRefusal>;
  find(id: string): Replay | undefined;
  end(id: string): Promise<boolean>;
  close(): Promise<void>;
}
