import type { StreamView } from '../../sources/jetstream.ts';

/**
 * Whether the service has come to where the stream was when it began. Until then metrics are held
 * back and nothing is watched: what is derived is of another time.
 */
export class CatchingUp {
  private readonly done: () => void;
  private isOver = false;
  private target = 0;
  private last: StreamView | undefined;

  constructor(done: () => void) {
    this.done = done;
  }

  get isBehind(): boolean {
    return !this.isOver;
  }

  /** Messages that are stored and not processed; undefined before the stream was seen. */
  lag(position: number): number | undefined {
    return this.last === undefined ? undefined : Math.max(0, this.last.lastSequence - position);
  }

  /** Reading goes on behind `position`, of a stream that stands like this. */
  begin(view: StreamView, position: number | undefined): void {
    this.target = view.lastSequence;
    this.look(view, position);
    this.processed(position);
  }

  /** How the stream stands now. */
  look(view: StreamView, position: number | undefined): void {
    this.last = view;
    // What is gone will not come: there is nothing to catch up with.
    if (view.messages === 0 && !this.isOver && position === undefined) {
      this.target = 0;
      this.processed(position);
    }
  }

  /** All messages up to this one are processed. */
  processed(position: number | undefined): void {
    if (this.isOver || (position ?? 0) < this.target) return;
    this.isOver = true;
    this.done();
  }
}
