import type { RecordingNotes } from './recording.ts';

const REMARKS_MAX = 50;

/**
 * What reading meets, kept by one recording. `restart` forgets what the last pass over the samples
 * met, and keeps what opening found.
 */
export class ReadingNotes implements RecordingNotes {
  samplesOutside = 0;
  samplesInvalid = 0;
  truncated = false;
  readonly remarks: string[] = [];
  #opened = 0;
  #openedTruncated = false;

  /** Adds a sentence once; the list is bounded, and its last entry says that there were more. */
  remark(text: string): void {
    if (this.remarks.includes(text)) return;
    if (this.remarks.length < REMARKS_MAX) this.remarks.push(text);
    else this.remarks[REMARKS_MAX - 1] = 'There was more to remark than is listed here.';
  }

  /** Says that opening is done: its remarks stay. */
  openingDone(): void {
    this.#opened = this.remarks.length;
    this.#openedTruncated = this.truncated;
  }

  restart(): void {
    this.samplesOutside = 0;
    this.samplesInvalid = 0;
    this.truncated = this.#openedTruncated;
    this.remarks.length = this.#opened;
  }
}
