/** Why a recording cannot be read; the codes are stable. */
export const RECORDING_ERRORS = {
  not_found: 'there is no file or folder of that name, or one that meta.json names is missing',
  unrecognised: 'the content is of no format that this program reads',
  meta: 'meta.json is no valid description of a recording',
  several: 'a folder holds more than one recording',
  table: 'a table of text has no usable columns or no usable values',
  unsorted: 'samples go back in time further than reading can put right on its way',
  damaged: 'a binary file is cut off, or its structure is broken',
  unwritable: 'a frame cannot be kept in the format that is written',
  too_large: 'more files, layers, neurons or frames than the limit',
} as const;

export type RecordingErrorCode = keyof typeof RECORDING_ERRORS;

/** A recording that cannot be read; the message names the file and says what to do. */
export class RecordingError extends Error {
  override readonly name = 'RecordingError';
  readonly code: RecordingErrorCode;

  constructor(code: RecordingErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
