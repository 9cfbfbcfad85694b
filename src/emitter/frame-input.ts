import type { Frame } from '../frames/frame.ts';

/** A column may be given as its typed array, which is used as it is, or as a list of numbers. */
type ColumnInput<T> = T extends Uint32Array | Float32Array | Float64Array
  ? T | readonly number[]
  : T;

/** What a reader adds to a frame, and what the builder's name says already. */
type Added = 'kind' | 'arrivedUs' | 'trace' | 'restarts';

type MayBeUndefined<F> = {
  [K in keyof F]-?: undefined extends F[K] ? K : never;
}[keyof F];

type Needed<F, Defaulted extends PropertyKey> = Exclude<
  keyof F,
  Added | Defaulted | MayBeUndefined<F>
>;
type Optional<F, Defaulted extends PropertyKey> = Exclude<
  Extract<keyof F, Defaulted> | MayBeUndefined<F>,
  Added
>;

/** The properties of a frame as a builder takes them; those in `Defaulted` may be left out. */
export type FrameInput<F extends Frame, Defaulted extends PropertyKey = never> = F extends Frame
  ? { readonly [K in Needed<F, Defaulted>]: ColumnInput<F[K]> } & {
      readonly [K in Optional<F, Defaulted>]?: ColumnInput<F[K]> | undefined;
    }
  : never;
