import { Observable, type OperatorFunction } from 'rxjs';
import type { HeldState, StateSlot } from '../component/state.ts';

/** The inside of an operator that remembers: made anew for each subscription. */
export interface Stateful<In> extends HeldState {
  next(value: In): void;
  /** The input has ended: emits what is held back. */
  finish?(): void;
  /** It takes nothing any more: gives back what the program has one of. Its state stays. */
  close?(): void;
}

/**
 * An RxJS operator around declared state. What its inside throws ends this stream with that error,
 * and never surfaces as an uncaught exception.
 */
export function stateful<In, Out>(
  slot: StateSlot,
  make: (emit: (record: Out) => void) => Stateful<In>,
): OperatorFunction<In, Out> {
  return (source) =>
    new Observable((subscriber) => {
      const inside = make((record) => subscriber.next(record));
      slot.hold(inside);
      subscriber.add(() => inside.close?.());
      return source.subscribe({
        next: (value) => {
          try {
            inside.next(value);
          } catch (error) {
            subscriber.error(error);
          }
        },
        error: (error) => subscriber.error(error),
        complete: () => {
          try {
            inside.finish?.();
            subscriber.complete();
          } catch (error) {
            subscriber.error(error);
          }
        },
      });
    });
}
