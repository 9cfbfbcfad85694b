import { Observable, type Subscriber } from 'rxjs';
import type { Frame } from '../frames/frame.ts';
import { FRAME_KINDS, type FrameKind } from '../frames/header.ts';

type Readers = readonly Subscriber<Frame>[];

/**
 * Each frame to those that read its kind, and to nobody else. A list a kind and a call a reader:
 * what a Subject and a merge of several do beside that would cost a short frame as much as all of
 * its operators.
 */
export class FrameFan {
  /** Lists that are replaced and never changed, as one of them may be gone through just now. */
  private readonly readers = new Map<FrameKind, Readers>(FRAME_KINDS.map((kind) => [kind, []]));
  /** Those of spikes, at hand: most frames are of spikes. */
  private ofSpikes: Readers = [];

  /** The frames of some kinds, in the order of their arrival. */
  of(kinds: readonly FrameKind[]): Observable<Frame> {
    return new Observable((subscriber) => {
      for (const kind of kinds) this.change(kind, (readers) => [...readers, subscriber]);
      return () => {
        for (const kind of kinds) {
          this.change(kind, (readers) => readers.filter((each) => each !== subscriber));
        }
      };
    });
  }

  next(frame: Frame): void {
    const { kind } = frame;
    const readers = kind === 'spikes' ? this.ofSpikes : (this.readers.get(kind) as Readers);
    for (let i = 0; i < readers.length; i++) (readers[i] as Subscriber<Frame>).next(frame);
  }

  /** Kind by kind; who reads several has them all when the last of them ends. */
  complete(): void {
    for (const kind of FRAME_KINDS) {
      for (const reader of this.readers.get(kind) as Readers) {
        this.change(kind, (readers) => readers.filter((each) => each !== reader));
        if (![...this.readers.values()].some((readers) => readers.includes(reader))) {
          reader.complete();
        }
      }
    }
  }

  private change(kind: FrameKind, make: (readers: Readers) => Readers): void {
    this.readers.set(kind, make(this.readers.get(kind) ?? []));
    this.ofSpikes = this.readers.get('spikes') as Readers;
  }
}
