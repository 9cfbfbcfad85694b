import type { EmitterTally } from './emitter-tally.ts';
import type { NatsSession } from './nats-session.ts';
import type { Outbox, Outgoing } from './outbox.ts';
import type { ProblemReports } from './problem-reports.ts';

/** Seconds without a word from the server after which it is given up. */
const SILENCE_S_MAX = 10;
/** … after which a stream is asked again to store what it did not answer for. */
const ACK_S_MAX = 5;
/** Seconds without traffic after which the server is asked whether it is there. */
const IDLE_S_MAX = 20;
/** Pause after a stream, or its absence, refused for now. */
const PAUSE_S = 1;

/** What a stream answers to a message. */
interface StreamAnswer {
  readonly stream?: unknown;
  readonly seq?: unknown;
  readonly error?: { readonly code?: number; readonly description?: string };
}

/**
 * Moves messages from the outbox to the server, and takes them out when the server says that it has
 * them: with core NATS when it answers a ping that followed them, with JetStream when a stream
 * acknowledges each. What has no answer is sent again, in order; `Nats-Msg-Id`, `seq` and `emitter`
 * tell the repeats.
 */
export class FrameDelivery {
  private readonly outbox: Outbox;
  private readonly acknowledged: boolean;
  private readonly tally: EmitterTally;
  private readonly problems: ProblemReports;
  private readonly onProgress: () => void;
  private session: NatsSession | undefined;
  private isPumping = false;
  /** Sent since the last ping went out (core). */
  private afterPing: Outgoing[] = [];
  private isPinging = false;
  /** Sent, by the last token of the subject to which the stream answers. */
  private readonly unanswered = new Map<string, Outgoing>();
  private tokens = 0;
  private pausedS = 0;
  private silentS = 0;
  private idleS = 0;

  constructor(
    outbox: Outbox,
    acknowledged: boolean,
    tally: EmitterTally,
    problems: ProblemReports,
    onProgress: () => void,
  ) {
    this.outbox = outbox;
    this.acknowledged = acknowledged;
    this.tally = tally;
    this.problems = problems;
    this.onProgress = onProgress;
  }

  /** A new connection: all that was under way on the last one goes again. */
  attach(session: NatsSession): void {
    this.session = session;
    this.isPinging = false;
    this.pausedS = 0;
    if (this.acknowledged) {
      session.listen((token, data, status) => this.answered(session, token, data, status));
    }
    this.sendAgain();
  }

  detach(): void {
    this.session = undefined;
  }

  /** Sends what there is room for. Costs no more than writing it. */
  pump(): void {
    const { session } = this;
    if (session === undefined || this.isPumping || this.pausedS > 0) return;
    this.isPumping = true;
    let entry = this.outbox.next();
    while (entry !== undefined && this.send(session, entry)) entry = this.outbox.next();
    this.isPumping = false;
    if (this.afterPing.length > 0) this.ping(session);
  }

  /** Called once a second. The host may have been busy meanwhile: turns are counted, not time. */
  tick(): void {
    const { session } = this;
    if (session === undefined) return;
    const waits = this.isPinging || this.unanswered.size > 0;
    this.silentS = waits ? this.silentS + 1 : 0;
    this.idleS++;
    if (this.pausedS > 0 && --this.pausedS === 0) this.sendAgain();
    else if (this.isPinging && this.silentS >= SILENCE_S_MAX) {
      this.detach();
      void session.close('the server does not answer');
    } else if (this.unanswered.size > 0 && this.silentS === ACK_S_MAX) {
      this.ping(session);
      this.sendAgain();
    } else if (this.idleS >= IDLE_S_MAX) this.ping(session);
  }

  private sendAgain(): void {
    this.afterPing = [];
    this.unanswered.clear();
    this.outbox.rewind();
    this.pump();
  }

  /** False where the connection has gone. */
  private send(session: NatsSession, entry: Outgoing): boolean {
    const token = this.acknowledged ? (this.tokens++).toString(36) : undefined;
    try {
      session.publish(entry.message, token);
    } catch (error) {
      if (session.isClosed) return false;
      this.refuse(entry, (error as Error).message);
      return true;
    }
    if (entry.wasSent) this.tally.resentFrames++;
    entry.wasSent = true;
    this.idleS = 0;
    if (token === undefined) this.afterPing.push(entry);
    else this.unanswered.set(token, entry);
    return true;
  }

  private ping(session: NatsSession): void {
    if (this.isPinging) return;
    const before = this.afterPing;
    this.afterPing = [];
    this.isPinging = true;
    this.idleS = 0;
    const answered = () => {
      if (this.session !== session) return;
      this.isPinging = false;
      this.silentS = 0;
      this.confirm(before);
    };
    // Where it rejects the connection has ended, and all of these go again.
    session.flush().then(answered, () => {});
  }

  private answered(session: NatsSession, token: string, data: Uint8Array, status: number): void {
    const entry = this.unanswered.get(token);
    if (this.session !== session || entry === undefined) return;
    this.unanswered.delete(token);
    this.silentS = 0;
    const { subject } = entry.message;
    if (status === 503) {
      this.pause(`no stream has the subject ${subject}`);
      return;
    }
    const { error } = readAnswer(data);
    if (error === undefined) this.confirm([entry]);
    else if (error.code !== undefined && error.code >= 400 && error.code < 500) {
      this.refuse(entry, error.description ?? 'no reason given');
    } else this.pause(error.description ?? 'a stream answers what is no answer');
  }

  private confirm(entries: readonly Outgoing[]): void {
    for (const entry of entries) {
      if (this.outbox.confirm(entry)) {
        this.tally.published(entry.samples, entry.message.data.length);
      }
    }
    this.outbox.trim();
    this.pump();
    this.onProgress();
  }

  private refuse(entry: Outgoing, why: string): void {
    this.outbox.refuse(entry, why);
    this.onProgress();
  }

  private pause(why: string): void {
    // The first tick may come at once.
    this.pausedS = PAUSE_S + 1;
    this.problems.report('connection', 1, () => why);
  }
}

function readAnswer(data: Uint8Array): Pick<StreamAnswer, 'error'> {
  try {
    const answer = JSON.parse(Buffer.from(data).toString()) as StreamAnswer;
    const { error, stream, seq } = answer;
    if (typeof error === 'object' && error !== null) return { error };
    if (typeof stream === 'string' && typeof seq === 'number') return {};
  } catch {
    // Not a stream, whoever it was.
  }
  return { error: {} };
}
