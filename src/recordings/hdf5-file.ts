import { basename, resolve } from 'node:path';
import type { Dataset, File, Group } from 'h5wasm/node';
import { Hdf5Dataset } from './hdf5-dataset.ts';
import { RecordingError } from './recording-error.ts';

type Library = typeof import('h5wasm/node');

/**
 * Failures of the library in one process. Each leaves some of its stack and a file descriptor
 * behind (its error handler throws through C frames), so that they cannot go on without end.
 */
const FAILURES_MAX = 256;
const CHILDREN_MAX = 1 << 16;

let loading: Promise<Library> | undefined;
let failures = 0;

async function loadLibrary(): Promise<Library> {
  const library = await import('h5wasm/node');
  const module = await library.ready;
  // Without it, a file that cannot be read gives zeros and a message on stderr.
  module.activate_throwing_error_handler();
  return library;
}

/** An HDF5 file open for reading. Nothing is read but what is asked for. */
export class Hdf5File {
  readonly path: string;
  readonly name: string;
  private readonly library: Library;
  private readonly file: File;
  private isOpen = true;

  private constructor(path: string, library: Library, file: File) {
    this.path = path;
    this.name = basename(path);
    this.library = library;
    this.file = file;
  }

  /** @throws RecordingError when the file is damaged */
  private static async open(path: string): Promise<Hdf5File> {
    loading ??= loadLibrary();
    const library = await loading;
    const full = resolve(path);
    const file = attempt(basename(path), 'cannot be opened', () => new library.File(full, 'r'));
    return new Hdf5File(path, library, file);
  }

  /** Opens, works, closes. */
  static async with<T>(path: string, work: (file: Hdf5File) => T): Promise<T> {
    const file = await Hdf5File.open(path);
    try {
      return work(file);
    } finally {
      file.close();
    }
  }

  /** Opens for what is made of the file, which closes it; closes it here where making fails. */
  static async for<T>(path: string, make: (file: Hdf5File) => T): Promise<T> {
    const file = await Hdf5File.open(path);
    try {
      return make(file);
    } catch (error) {
      file.close();
      throw error;
    }
  }

  /** Names of what a group holds; none when there is no such group. */
  children(path: string): string[] {
    const names = this.attempt(path, () => this.group(path)?.keys() ?? []);
    if (names.length <= CHILDREN_MAX) return names;
    throw new RecordingError(
      'too_large',
      `${this.name}: ${path} holds ${names.length} objects, at most ${CHILDREN_MAX} are read.`,
    );
  }

  dataset(path: string): Hdf5Dataset | undefined {
    return this.attempt(path, () => {
      const found = this.file.get(path);
      if (!(found instanceof this.library.Dataset)) return undefined;
      const read = <T>(work: () => T) => this.attempt(path, work);
      return new Hdf5Dataset(this.name, path, found, read);
    });
  }

  /** @throws RecordingError when it is not there */
  requireDataset(path: string): Hdf5Dataset {
    const found = this.dataset(path);
    if (found !== undefined) return found;
    throw new RecordingError('table', `${this.name}: has no dataset ${path}.`);
  }

  /** An attribute as text; undefined where there is none, or one of another kind. */
  text(path: string, name: string): string | undefined {
    const value = this.attribute(path, name);
    return typeof value === 'string' ? value : undefined;
  }

  /** An attribute as a number; enumerated ones by their value. */
  number(path: string, name: string): number | undefined {
    const value = this.attribute(path, name);
    return typeof value === 'number' || typeof value === 'bigint' ? Number(value) : undefined;
  }

  /** Name of the object that an element of a dataset of references points to. */
  referenced(reference: unknown): string | undefined {
    if (!(reference instanceof this.library.Reference)) return undefined;
    const found = this.attempt('a reference', () => this.file.dereference(reference));
    return found instanceof this.library.Group ? basename(found.path) : undefined;
  }

  /** What goes wrong in closing a file that was only read is no loss. */
  close(): void {
    if (!this.isOpen) return;
    this.isOpen = false;
    try {
      attempt(this.name, 'cannot be closed', () => this.file.close());
    } catch (error) {
      if (!(error instanceof RecordingError)) throw error;
    }
  }

  private attribute(path: string, name: string): unknown {
    return this.attempt(path, () => {
      const found = path === '/' ? this.file : this.file.get(path);
      if (!this.hasAttributes(found)) return undefined;
      const value: unknown = found.attrs[name]?.value;
      // An array of one is as good as the one.
      const isList = Array.isArray(value) || ArrayBuffer.isView(value);
      const list = isList ? (value as ArrayLike<unknown>) : undefined;
      return list?.length === 1 ? list[0] : value;
    });
  }

  private hasAttributes(found: unknown): found is Group | Dataset {
    return found instanceof this.library.Group || found instanceof this.library.Dataset;
  }

  private group(path: string): Group | undefined {
    if (path === '/') return this.file;
    const found = this.file.get(path);
    return found instanceof this.library.Group ? found : undefined;
  }

  private attempt<T>(path: string, work: () => T): T {
    return attempt(this.name, `${path} cannot be read`, work);
  }
}

/** Runs what calls the library; what fails in it becomes an error that names the file. */
function attempt<T>(name: string, what: string, work: () => T): T {
  if (failures >= FAILURES_MAX) {
    throw new RecordingError(
      'damaged',
      `${name}: is not read, for the HDF5 library has failed on damaged files before it. Start \
again.`,
    );
  }
  try {
    return work();
  } catch (cause) {
    if (cause instanceof RecordingError) throw cause;
    const error = cause instanceof Error ? cause : new Error(String(cause));
    // After a trap nobody knows what state the library is in.
    failures = error.name === 'RuntimeError' ? FAILURES_MAX : failures + 1;
    throw new RecordingError(
      'damaged',
      `${name}: ${what}: ${reasonOf(error)}. The file is damaged, or of a kind of HDF5 that this \
program does not know; h5dump or h5repack may say more.`,
      { cause },
    );
  }
}

/** The innermost reason in HDF5's report of an error, which goes from outside in. */
function reasonOf({ message }: Error): string {
  const reasons = [...message.matchAll(/^ +#\d+: .* in \w+\(\): (.*)$/gm)];
  return reasons.at(-1)?.[1] ?? message.split('\n')[0] ?? 'for no known reason';
}
