import { open } from 'node:fs/promises';
import { basename } from 'node:path';

const HEAD_BYTES = 1 << 18;

/** The first bytes of a file, by which formats are recognised. */
export interface FileHead {
  readonly path: string;
  readonly name: string;
  readonly size: number;
  readonly bytes: Uint8Array;
}

export async function readFileHead(path: string): Promise<FileHead> {
  const file = await open(path, 'r');
  try {
    const { size } = await file.stat();
    const bytes = Buffer.allocUnsafe(Math.min(size, HEAD_BYTES));
    let filled = 0;
    while (filled < bytes.length) {
      const { bytesRead } = await file.read(bytes, filled, bytes.length - filled, filled);
      if (bytesRead === 0) break;
      filled += bytesRead;
    }
    return { path, name: basename(path), size, bytes: bytes.subarray(0, filled) };
  } finally {
    await file.close();
  }
}
