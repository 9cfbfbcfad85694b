import type { FileHead } from './file-head.ts';
import { RecordingError } from './recording-error.ts';

const SIGNATURE = [0x89, 0x48, 0x44, 0x46, 0x0d, 0x0a, 0x1a, 0x0a];
/** Where the signature stands if not at the start; or at twice that, and so on. */
const SECOND_OFFSET = 512;
/** No file is so long: a file that says so was never closed. */
const END_UNKNOWN = 2 ** 60;

/** Where an HDF5 file's superblock begins, behind what else may stand before it. */
export function hdf5Start({ bytes }: FileHead): number | undefined {
  for (let at = 0; at + SIGNATURE.length <= bytes.length; at = Math.max(SECOND_OFFSET, at * 2)) {
    if (SIGNATURE.every((byte, i) => bytes[at + i] === byte)) return at;
  }
  return undefined;
}

/**
 * Compares the file's size with the one its superblock states.
 * Source: HDF5 File Format Specification 3.0, II.A.
 * @throws RecordingError when the end of the file is missing
 */
export function requireWholeHdf5(file: FileHead): void {
  const start = hdf5Start(file);
  if (start === undefined) return;
  const { name, size, bytes } = file;
  const endOfFile = statedBytes(bytes, start);
  if (endOfFile === undefined) {
    throw new RecordingError('damaged', `${name}: is an HDF5 file that ends within its header.`);
  }
  if (endOfFile >= END_UNKNOWN) {
    throw new RecordingError(
      'damaged',
      `${name}: was never closed by what wrote it; an HDF5 file without its end cannot be read.`,
    );
  }
  if (size >= start + endOfFile) return;
  throw new RecordingError(
    'damaged',
    `${name}: is cut off: it has ${size} bytes where its HDF5 header says ${start + endOfFile}. \
Copy it again, or record again and close the file.`,
  );
}

/** Bytes from the superblock to the end that it states; undefined when it is not all there. */
function statedBytes(bytes: Uint8Array, start: number): number | undefined {
  const version = bytes[start + 8] ?? 0;
  const isOld = version < 2;
  const width = bytes[start + (isOld ? 13 : 9)] ?? 0;
  const addresses = isOld ? start + 24 + (version === 1 ? 4 : 0) : start + 12;
  const at = addresses + 2 * width;
  if (width === 0 || at + width > bytes.length) return undefined;
  const base = littleEndian(bytes, addresses, width);
  return littleEndian(bytes, at, width) - (base === start ? start : 0);
}

function littleEndian(bytes: Uint8Array, at: number, width: number): number {
  let value = 0;
  for (let i = width - 1; i >= 0; i--) value = value * 256 + (bytes[at + i] as number);
  return value;
}
