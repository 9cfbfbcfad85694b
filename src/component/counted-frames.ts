/** Messages of a part, since its stream began. */
export interface CountedFrames {
  /** Up to what is stored of them. */
  readonly stored: number;
  /** Up to the last that was processed. */
  readonly seen: number;
}
