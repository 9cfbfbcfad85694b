import { type FileHandle, open } from 'node:fs/promises';
import { writeAt } from './spk-io.ts';

const CHUNK_BYTES = 1 << 18;
/** Above this many bytes on their way to the file, `append` asks the caller to wait. */
const WAIT_ABOVE_BYTES = 8 * 1024 * 1024;
const AT_ONCE = Promise.resolve();

/**
 * A new file that is written from start to end. Pieces are taken at once and written behind each
 * other in large chunks; what goes wrong shows at the next call.
 */
export class FileOutput {
  readonly path: string;
  private readonly handle: FileHandle;
  private held: Uint8Array[] = [];
  private heldBytes = 0;
  private pendingBytes = 0;
  private at = 0;
  private writing: Promise<void> = AT_ONCE;
  private failure: Error | undefined;
  private isClosed = false;

  private constructor(path: string, handle: FileHandle) {
    this.path = path;
    this.handle = handle;
  }

  /** Fails when there is a file already. */
  static async create(path: string): Promise<FileOutput> {
    return new FileOutput(path, await open(path, 'wx'));
  }

  /** The bytes are the file's from here on; wait for the promise before the next ones. */
  append(bytes: Uint8Array): Promise<void> {
    if (this.failure !== undefined) throw this.failure;
    this.held.push(bytes);
    this.heldBytes += bytes.length;
    if (this.heldBytes >= CHUNK_BYTES) this.send();
    return this.pendingBytes > WAIT_ABOVE_BYTES ? this.writing : AT_ONCE;
  }

  /** Resolves when all that was taken is in the file. */
  async flush(): Promise<void> {
    this.send();
    await this.writing;
    if (this.failure !== undefined) throw this.failure;
  }

  /** `isKept`: it must survive a crash of the machine; else it is only for a while. */
  async close(isKept = true): Promise<void> {
    if (this.isClosed) return;
    this.isClosed = true;
    try {
      await this.flush();
      if (isKept) await this.handle.datasync();
    } finally {
      await this.handle.close();
    }
  }

  private send(): void {
    const parts = this.held;
    const bytes = this.heldBytes;
    if (bytes === 0) return;
    this.held = [];
    this.heldBytes = 0;
    this.pendingBytes += bytes;
    this.writing = this.writing.then(async () => {
      try {
        if (this.failure === undefined) await writeAt(this.handle, parts, this.at);
        this.at += bytes;
      } catch (error) {
        this.failure = error as Error;
      }
      this.pendingBytes -= bytes;
    });
  }
}
