/** What a frame may measure at most. Everything that comes from outside has a bound. */
export interface FrameLimits {
  readonly payloadBytesMax: number;
  readonly stringCharsMax: number;
  /** For prose (`message`, `error_message`), which is never a label. */
  readonly textCharsMax: number;
  readonly nestingMax: number;
  readonly samplesMax: number;
  readonly spanUsMax: number;
  readonly neuronCountMax: number;
  /** Entries of a map or list that is not a column (counters, synapse updates, unknown fields). */
  readonly entriesMax: number;
}

export const FRAME_LIMITS: FrameLimits = {
  payloadBytesMax: 1024 * 1024,
  stringCharsMax: 128,
  textCharsMax: 8192,
  nestingMax: 8,
  samplesMax: 131_072,
  spanUsMax: 60_000_000,
  neuronCountMax: 2 ** 24,
  entriesMax: 4096,
};
