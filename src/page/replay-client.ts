import type { RecordingsAnswer, ReplayControl, ReplayState } from '../sinks/live/replay-schemas.ts';
import { PageState } from './state.ts';

const RETRY_MS = 1500;
/** A replay that is gone within this begins again by itself no more. */
const LASTED_MS = 10_000;

/** This tab, among those that replay. */
const CLIENT = Array.from(crypto.getRandomValues(new Uint8Array(12)), (byte) =>
  byte.toString(16).padStart(2, '0'),
).join('');

/** The tab's replay: begins it, steers it, and reads what it shows. */
export class ReplayClient {
  state = new PageState();
  replay: ReplayState | undefined;
  /** Why there is none; undefined while there is, or will be. */
  error: string | undefined;
  private readonly changed: () => void;
  private name = '';
  private topics: readonly string[] = [];
  private source: EventSource | undefined;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private begunMs = 0;
  /** The service did not answer since: it knows of no replay when it is back. */
  private wasAway = false;
  /** What was asked for last and is not sent yet: of many moves of a slider the last one counts. */
  private wanted: ReplayControl | undefined;
  private isSending = false;
  private goalUs: number | undefined;

  constructor(changed: () => void) {
    this.changed = changed;
    document.addEventListener('visibilitychange', this.look);
    addEventListener('pagehide', this.leave);
  }

  /** Where the slider stands: where somebody put it, until the replay is there. */
  get atUs(): number {
    const goal = this.replay?.state === 'seeking' ? this.goalUs : undefined;
    return this.wanted?.at_us ?? goal ?? this.replay?.at_us ?? 0;
  }

  async open(name: string, topics: readonly string[], control: ReplayControl): Promise<void> {
    this.source?.close();
    this.name = name;
    this.topics = topics;
    this.error = undefined;
    this.begunMs = performance.now();
    this.wasAway = false;
    const given = { recording: name, client: CLIENT, ...control };
    const answer = await ask<ReplayState>('/api/replays', 'POST', given);
    if (name !== this.name) return;
    if (typeof answer === 'string') {
      this.error = answer;
      this.replay = undefined;
    } else {
      this.replay = answer;
      this.state = new PageState(`/api/replays/${answer.id}`, (view) => linkTo(name, view));
      this.connect();
    }
    this.changed();
  }

  /** Other topics, where the view has changed. */
  show(topics: readonly string[]): void {
    if (topics.join() === this.topics.join()) return;
    this.topics = topics;
    if (this.replay !== undefined) this.connect();
  }

  /** Goes somewhere, plays, pauses. */
  steer(control: ReplayControl): void {
    this.wanted = { ...this.wanted, ...control };
    this.goalUs = control.at_us ?? this.goalUs;
    void this.send();
  }

  private async send(): Promise<void> {
    if (this.isSending) return;
    this.isSending = true;
    while (this.wanted !== undefined && this.replay !== undefined) {
      const sent = this.wanted;
      const answer = await ask<ReplayState>(`/api/replays/${this.replay.id}`, 'POST', sent);
      if (typeof answer !== 'string')
        this.replay = { ...answer, at_us: sent.at_us ?? answer.at_us };
      if (this.wanted === sent) this.wanted = undefined;
      this.changed();
    }
    this.isSending = false;
  }

  private connect(): void {
    clearTimeout(this.timer);
    this.source?.close();
    const { replay } = this;
    if (replay === undefined || document.hidden) return;
    const topics = ['replay', ...this.topics];
    const source = new EventSource(
      `/api/replays/${replay.id}/live?topics=${topics.join(',')}&seconds=30`,
    );
    this.source = source;
    source.addEventListener('open', () => this.state.begin());
    source.addEventListener('begin', () => this.state.begin());
    source.addEventListener('error', () => {
      if (source !== this.source) return;
      source.close();
      void this.explain(replay);
    });
    for (const topic of topics) {
      source.addEventListener(topic, (event) => {
        const data: unknown = JSON.parse((event as MessageEvent<string>).data);
        if (topic === 'replay') this.hear(data as ReplayState);
        else this.state.take(topic, data);
        this.changed();
      });
    }
  }

  /** What was sent before the replay was steered may come after its answer, and is old by then. */
  private hear(replay: ReplayState): void {
    if (replay.steered >= (this.replay?.steered ?? 0)) this.replay = replay;
  }

  /** The stream has ended: the replay may have, or the service. */
  private async explain({ id, at_us, playing, speed }: ReplayState): Promise<void> {
    const answer = await ask<ReplayState>(`/api/replays/${id}`, 'GET');
    if (id !== this.replay?.id) return;
    if (typeof answer === 'string' && answer !== NO_ANSWER) {
      const now = this.replay ?? { at_us, playing, speed };
      if (this.wasAway || performance.now() - this.begunMs > LASTED_MS) {
        const control = { at_us: now.at_us, playing: now.playing, speed: now.speed };
        await this.open(this.name, this.topics, control);
      } else {
        this.error = 'The replay ended by itself; the log of the service says why.';
      }
    } else {
      this.wasAway ||= answer === NO_ANSWER;
      this.timer = setTimeout(() => this.connect(), RETRY_MS);
    }
    this.changed();
  }

  private readonly look = (): void => {
    if (document.hidden) this.source?.close();
    else this.connect();
  };

  private readonly leave = (): void => {
    const { replay } = this;
    this.replay = undefined;
    if (replay === undefined) return;
    void fetch(`/api/replays/${replay.id}`, { method: 'DELETE', keepalive: true }).catch(() => {});
  };

  /** Nobody looks any more. */
  close(): void {
    clearTimeout(this.timer);
    this.source?.close();
    this.source = undefined;
    this.name = '';
    this.leave();
    document.removeEventListener('visibilitychange', this.look);
    removeEventListener('pagehide', this.leave);
  }
}

/** The address of a view of a replay. */
export function linkTo(name: string, view: string): string {
  return `#/recordings?${new URLSearchParams({ name, show: view })}`;
}

const NO_ANSWER = 'The service does not answer.';

/** What a route answers, or why it does not. */
async function ask<T>(path: string, method: string, body?: object): Promise<T | string> {
  const json = { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
  try {
    const answer = await fetch(path, { method, cache: 'no-store', ...(body ? json : {}) });
    if (answer.ok) return (await answer.json()) as T;
    const { error } = (await answer.json()) as { error?: string };
    return error ?? `The service answers ${answer.status}.`;
  } catch {
    return NO_ANSWER;
  }
}

export function listRecordings(): Promise<RecordingsAnswer | string> {
  return ask<RecordingsAnswer>('/api/recordings', 'GET');
}
