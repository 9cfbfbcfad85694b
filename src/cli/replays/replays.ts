import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import type { LiveOutlet, Subscription } from '../../http/live/live-hub.ts';
import type {
  Replay,
  ReplayAnswer,
  ReplayHost,
  ReplayRefusal,
} from '../../http/replays/replay-host.ts';
import type { RecordingFolder } from '../../recordings/recording-folder.ts';
import type {
  RecordingsAnswer,
  ReplayControl,
  ReplayRequest,
} from '../../sinks/live/replay-schemas.ts';
import { findRecording } from './find-recording.ts';
import { RecordingCounts } from './recording-counts.ts';
import { ReplayLink } from './replay-link.ts';
import { CONTROL_PATH, type ReplayTask, STATE_PATH } from './replay-messages.ts';

export interface ReplaysOptions {
  /** The folder of recordings; undefined where none is configured. */
  readonly folder: RecordingFolder | undefined;
  readonly replaysMax: number;
  readonly bytesMax: number;
  /** What every thread is given, beside what it replays. */
  readonly task: Omit<ReplayTask, 'id' | 'recording' | 'path' | 'control'>;
  /** How many there are now. */
  readonly running: (count: number) => void;
  /** Somebody was turned away. */
  readonly refused: () => void;
  readonly failed: (recording: string, text: string) => void;
}

/** Streams of one replay: its page has one, and for a moment two. */
const STREAMS_MAX = 4;
/** A replay that nobody has looked at for as long ends. */
const IDLE_MS_MAX = 30_000;
const SWEEP_MS = 5000;

class Running implements Replay {
  readonly link: ReplayLink;
  readonly client: string | undefined;
  usedMs = performance.now();

  constructor(link: ReplayLink, client: string | undefined) {
    this.link = link;
    this.client = client;
  }

  get isIdle(): boolean {
    return this.link.streams === 0 && performance.now() - this.usedMs > IDLE_MS_MAX;
  }

  get isFull(): boolean {
    return this.link.streams >= STREAMS_MAX;
  }

  state(): Promise<ReplayAnswer> {
    return this.view(STATE_PATH, undefined);
  }

  control(control: ReplayControl): Promise<ReplayAnswer> {
    return this.view(CONTROL_PATH, control);
  }

  view(path: string, query: unknown): Promise<ReplayAnswer> {
    this.usedMs = performance.now();
    return this.link.ask(path, query);
  }

  stream(outlet: LiveOutlet, subscription: Subscription): void {
    outlet.on('close', () => {
      this.usedMs = performance.now();
    });
    this.link.open(outlet, subscription);
  }
}

/** The replays of the live page: a thread each, one a client, at most as many as may be. */
export class Replays implements ReplayHost {
  private readonly options: ReplaysOptions;
  private readonly folder: RecordingFolder | undefined;
  private readonly counts = new RecordingCounts();
  private readonly running = new Map<string, Running>();
  private readonly sweep: NodeJS.Timeout;

  constructor(options: ReplaysOptions) {
    this.options = options;
    this.folder = options.folder;
    this.sweep = setInterval(() => {
      for (const [id, replay] of this.running) if (replay.isIdle) void this.end(id);
    }, SWEEP_MS).unref();
  }

  async recordings(): Promise<RecordingsAnswer> {
    const { folder } = this;
    if (folder === undefined) return { is_configured: false, recordings: [], left: 0 };
    try {
      const { entries, left } = await folder.list();
      const recordings = entries.map((entry) => {
        return this.counts.of(entry, join(folder.path, entry.name));
      });
      return { is_configured: true, recordings, left };
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      const problem = `the folder http.recordings can't be listed (${code ?? 'failed'})`;
      return { is_configured: true, recordings: [], left: 0, problem };
    }
  }

  async begin(request: ReplayRequest): Promise<Replay | ReplayRefusal> {
    const { bytesMax } = this.options;
    const found = await findRecording(this.folder, request.recording, bytesMax);
    if ('error' in found) return found;
    await this.endOf(request.client);
    const { replaysMax } = this.options;
    if (this.running.size >= replaysMax) {
      this.options.refused();
      const error = `${replaysMax} recordings are being replayed, which is as many as may be`;
      return { status: 503, error };
    }
    return this.start(request, found.path);
  }

  private async endOf(client: string | undefined): Promise<void> {
    if (client === undefined) return;
    const own = [...this.running].filter(([, replay]) => replay.client === client);
    for (const [id] of own) await this.end(id);
  }

  private start({ recording, client, ...control }: ReplayRequest, path: string): Replay {
    const id = randomUUID();
    const { failed } = this.options;
    const task = { ...this.options.task, id, recording, path, control };
    const link = new ReplayLink(task, {
      failed: (text) => failed(recording, text),
      ended: () => this.forget(id),
    });
    const replay = new Running(link, client);
    this.running.set(id, replay);
    this.options.running(this.running.size);
    return replay;
  }

  private forget(id: string): void {
    if (this.running.delete(id)) this.options.running(this.running.size);
  }

  find(id: string): Replay | undefined {
    return this.running.get(id);
  }

  async end(id: string): Promise<boolean> {
    const replay = this.running.get(id);
    if (replay === undefined) return false;
    this.forget(id);
    await replay.link.close();
    return true;
  }

  async close(): Promise<void> {
    clearInterval(this.sweep);
    await this.counts.close();
    await Promise.all([...this.running.keys()].map((id) => this.end(id)));
  }
}
