import type { FrameLimits } from '../../frames/limits.ts';
import type { ReplayControl } from '../../sinks/live/replay-schemas.ts';

/** What a thread that replays a recording is started with. */
export interface ReplayTask {
  readonly id: string;
  readonly recording: string;
  readonly path: string;
  readonly version: string;
  readonly prefix: string;
  readonly limits: FrameLimits;
  readonly seriesMax: number;
  readonly traceUrl: string | undefined;
  /** Checked options by pipeline name. */
  readonly pipelineOptions: Readonly<Record<string, unknown>>;
  readonly control: ReplayControl;
}

/** To the thread. */
export type ReplayOrder =
  | { readonly ask: number; readonly path: string; readonly query: unknown }
  | {
      readonly open: number;
      readonly topics: readonly string[];
      readonly bins: number;
    }
  /** What was sent to a stream has gone out. */
  | { readonly taken: number; readonly length: number }
  | { readonly closed: number };

/** From the thread. */
export type ReplayReply =
  /** It listens: what is asked from now on is answered soon. */
  | { readonly ready: true }
  | { readonly answer: number; readonly status: number; readonly body: string }
  | { readonly stream: number; readonly data: Uint8Array | string }
  /** It can't go on; the text is for the log. */
  | { readonly failed: string };

/** Paths that a thread answers beside those of the API. */
export const STATE_PATH = 'state';
export const CONTROL_PATH = 'control';
