import { spawnSync } from 'node:child_process';
import { closeSync, fsyncSync, mkdirSync, openSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';

const MIB = 1024 * 1024;
const BALLAST = 'ballast';

/** A file system of a few MiB, so that a disk can be full at will. */
export class SmallDisk {
  readonly folder: string;
  /** Why there is none, where mounting is refused: `folder` is a plain one then. */
  readonly refusal: string | undefined;

  constructor(folder: string, mebibytes: number) {
    this.folder = folder;
    mkdirSync(folder, { recursive: true });
    const { status, stderr, error } = spawnSync(
      'mount',
      ['-t', 'tmpfs', '-o', `size=${mebibytes}m,mode=700`, 'tmpfs', folder],
      { encoding: 'utf8' },
    );
    this.refusal = status === 0 ? undefined : (error?.message ?? stderr).trim();
  }

  /** Leaves not a byte for anybody else. */
  fill(): void {
    if (this.refusal !== undefined) return;
    const file = openSync(join(this.folder, BALLAST), 'a');
    const block = Buffer.alloc(MIB);
    for (let size = MIB; size >= 1; ) {
      try {
        // A write that is cut short is followed by one that finds no room.
        writeSync(file, block, 0, size);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
        size = size === 1 ? 0 : Math.max(1, size >> 3);
      }
    }
    fsyncSync(file);
    closeSync(file);
  }

  free(): void {
    rmSync(join(this.folder, BALLAST), { force: true });
  }

  close(): void {
    this.free();
    // Lazily: a killed process may not be gone to its last page.
    if (this.refusal === undefined) spawnSync('umount', ['--lazy', this.folder]);
  }
}

/**
 * The arguments with which this process would be run again where it may mount: in a user namespace
 * of its own, which most systems allow to everybody. Undefined where that is refused as well.
 */
export function inOwnNamespace(args: readonly string[]): readonly string[] | undefined {
  const wrapped = ['--user', '--map-root-user', '--mount'];
  const probe = ['mount', '-t', 'tmpfs', 'tmpfs', '/mnt'];
  if (spawnSync('unshare', [...wrapped, ...probe]).status !== 0) return undefined;
  return ['unshare', ...wrapped, process.execPath, ...args];
}

/** Whether this process may mount a file system. */
export function mayMount(folder: string): boolean {
  const disk = new SmallDisk(folder, 1);
  disk.close();
  return disk.refusal === undefined;
}
