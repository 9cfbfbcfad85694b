import { type OperatorFunction, Subject } from 'rxjs';

/** An operator that is fed by hand. */
export interface Driven<In> {
  /** @throws what the operator or the taker of its records threw */
  next(value: In): void;
  /** The input has ended: the operator flushes what it holds. */
  complete(): void;
}

/** Runs one of the live pipelines' operators; its records go to `take` at once. */
export function driveOperator<In, Out>(
  through: OperatorFunction<In, Out>,
  take: (record: Out) => void,
): Driven<In> {
  const input = new Subject<In>();
  let failure: { readonly error: unknown } | undefined;
  const fail = (error: unknown): void => {
    failure ??= { error };
  };
  input.pipe(through).subscribe({
    next: (record) => {
      // RxJS would report what is thrown here later, to nobody in particular.
      try {
        take(record);
      } catch (error) {
        fail(error);
      }
    },
    error: fail,
  });
  const rethrow = (): void => {
    if (failure !== undefined) throw failure.error;
  };
  return {
    next: (value) => {
      input.next(value);
      rethrow();
    },
    complete: () => {
      input.complete();
      rethrow();
    },
  };
}

/** A place for state that no checkpoint will ask for. */
export const NO_CHECKPOINT = { hold: () => {} };
