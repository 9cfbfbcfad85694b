import { readFileSync } from 'node:fs';
import { OptionError } from './option-error.ts';

const FILE_BYTES_MAX = 1024 * 1024;

/**
 * A secret in a file. It must be right at the start; it is read again at each use, so that a
 * changed one needs no restart, and where that fails (the file is just being written) the last good
 * one is used, as what a client asks while it connects must not throw.
 */
export class SecretFile<T> {
  private readonly path: string;
  private readonly option: string;
  private readonly holds: string;
  private readonly parse: (bytes: Buffer) => T;
  private value: T;

  /** @throws OptionError where the file can't be read, or does not hold what it should */
  constructor(option: string, path: string, holds: string, parse: (bytes: Buffer) => T) {
    this.option = option;
    this.path = path;
    this.holds = holds;
    this.parse = parse;
    this.value = this.read();
  }

  latest(): T {
    try {
      this.value = this.read();
    } catch {
      // The last good one is kept.
    }
    return this.value;
  }

  private read(): T {
    const bytes = readOptionFile(this.option, this.path);
    try {
      return this.parse(bytes);
    } catch {
      // What a parser throws may quote the secret: it is not passed on.
      throw new OptionError(this.option, `${this.path} does not hold ${this.holds}`);
    }
  }
}

/** @throws OptionError where the file can't be read, or is far too large */
export function readOptionFile(option: string, path: string): Buffer {
  let bytes: Buffer;
  try {
    bytes = readFileSync(path);
  } catch (cause) {
    throw new OptionError(option, `can't read it: ${(cause as Error).message}`, { cause });
  }
  if (bytes.length > FILE_BYTES_MAX) {
    throw new OptionError(option, `${path} has ${bytes.length} bytes, more than ${FILE_BYTES_MAX}`);
  }
  return bytes;
}

/** The only line of a file, without the line's end. */
export function oneLine(bytes: Buffer): string {
  const text = bytes.toString('utf8').trim();
  if (text === '' || /[\r\n]/.test(text)) throw new Error('not one line');
  return text;
}
