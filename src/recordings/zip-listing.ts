import { closeSync, openSync, readSync } from 'node:fs';

const LOCAL = 0x04034b50;
const CENTRAL = 0x02014b50;
const END = 0x06054b50;
const END64 = 0x06064b50;
const END64_LOCATOR = 0x07064b50;
const LOCAL_BYTES = 30;
const CENTRAL_BYTES = 46;
const END_BYTES = 22;
const COMMENT_BYTES_MAX = 0xffff;
const DIRECTORY_BYTES_MAX = 16 * 1024 * 1024;
const MEMBERS_MAX = 4096;
const IN_EXTRA = 0xffffffff;
const EXTRA64 = 1;
const SIZES_FOLLOW = 8;

/** A file in a zip archive. */
export interface ZipMember {
  readonly name: string;
  /** 0 stored, 8 deflated; others are not read. */
  readonly method: number;
  readonly isEncrypted: boolean;
  readonly dataOffset: number;
  readonly storedBytes: number;
  /** Undefined where the archive says so only behind the data. */
  readonly bytes: number | undefined;
  readonly crc: number | undefined;
}

export interface ZipListing {
  readonly members: readonly ZipMember[];
  /** The directory at the end is missing: the archive was cut off; members are those before. */
  readonly isCut: boolean;
}

/** Lists a zip archive, zip64 too, by its directory or else by what stands before each file. */
export function listZip(path: string, size: number): ZipListing {
  const file = openSync(path, 'r');
  try {
    const members = fromDirectory(file, size);
    return members === undefined
      ? { members: fromStart(file, size), isCut: true }
      : { members, isCut: false };
  } finally {
    closeSync(file);
  }
}

function read(file: number, at: number, length: number): Buffer | undefined {
  if (length < 0 || at < 0 || !Number.isSafeInteger(at)) return undefined;
  const bytes = Buffer.alloc(length);
  let done = 0;
  while (done < length) {
    const count = readSync(file, bytes, done, length - done, at + done);
    if (count === 0) return undefined;
    done += count;
  }
  return bytes;
}

interface Directory {
  readonly offset: number;
  readonly bytes: number;
}

function fromDirectory(file: number, size: number): ZipMember[] | undefined {
  const place = findDirectory(file, size);
  if (place === undefined || place.bytes > DIRECTORY_BYTES_MAX) return undefined;
  const directory = read(file, place.offset, place.bytes);
  if (directory === undefined) return undefined;
  const members: ZipMember[] = [];
  for (let at = 0; at + CENTRAL_BYTES <= directory.length && members.length < MEMBERS_MAX; ) {
    if (directory.readUInt32LE(at) !== CENTRAL) return undefined;
    const nameEnd = at + CENTRAL_BYTES + directory.readUInt16LE(at + 28);
    const extraEnd = nameEnd + directory.readUInt16LE(at + 30);
    const [bytes, storedBytes, offset] = sizes64(
      [20 + 4, 20, 42].map((field) => directory.readUInt32LE(at + field)),
      directory.subarray(nameEnd, extraEnd),
    ) as [number, number, number];
    const local = read(file, offset, LOCAL_BYTES);
    if (local?.readUInt32LE(0) !== LOCAL) return undefined;
    members.push({
      name: directory.toString('utf8', at + CENTRAL_BYTES, nameEnd),
      method: directory.readUInt16LE(at + 10),
      isEncrypted: (directory.readUInt16LE(at + 8) & 1) !== 0,
      dataOffset: offset + LOCAL_BYTES + local.readUInt16LE(26) + local.readUInt16LE(28),
      storedBytes,
      bytes,
      crc: directory.readUInt32LE(at + 16),
    });
    at = extraEnd + directory.readUInt16LE(at + 32);
  }
  return members;
}

function findDirectory(file: number, size: number): Directory | undefined {
  const length = Math.min(size, END_BYTES + COMMENT_BYTES_MAX);
  const tail = read(file, size - length, length);
  if (tail === undefined) return undefined;
  for (let at = length - END_BYTES; at >= 0; at--) {
    if (tail.readUInt32LE(at) !== END) continue;
    if (at + END_BYTES + tail.readUInt16LE(at + 20) > length) continue;
    const locator = at >= 20 && tail.readUInt32LE(at - 20) === END64_LOCATOR;
    if (!locator) return { bytes: tail.readUInt32LE(at + 12), offset: tail.readUInt32LE(at + 16) };
    const end64 = read(file, Number(tail.readBigUInt64LE(at - 12)), 56);
    if (end64?.readUInt32LE(0) !== END64) return undefined;
    return {
      bytes: Number(end64.readBigUInt64LE(40)),
      offset: Number(end64.readBigUInt64LE(48)),
    };
  }
  return undefined;
}

/** Values that do not fit into 32 bits stand in the extra field, in their order. */
function sizes64(values: readonly number[], extra: Buffer): number[] {
  let at = 0;
  while (at + 4 <= extra.length && extra.readUInt16LE(at) !== EXTRA64) {
    at += 4 + extra.readUInt16LE(at + 2);
  }
  at += 4;
  return values.map((value) => {
    if (value !== IN_EXTRA || at + 8 > extra.length) return value;
    at += 8;
    return Number(extra.readBigUInt64LE(at - 8));
  });
}

/** Goes from member to member, as far as the file goes. */
function fromStart(file: number, size: number): ZipMember[] {
  const members: ZipMember[] = [];
  let at = 0;
  while (members.length < MEMBERS_MAX) {
    const local = read(file, at, LOCAL_BYTES);
    if (local?.readUInt32LE(0) !== LOCAL) break;
    const nameBytes = local.readUInt16LE(26);
    const rest = read(file, at + LOCAL_BYTES, nameBytes + local.readUInt16LE(28));
    if (rest === undefined) break;
    const dataOffset = at + LOCAL_BYTES + rest.length;
    const [bytes, storedBytes] = sizes64(
      [local.readUInt32LE(22), local.readUInt32LE(18)],
      rest.subarray(nameBytes),
    ) as [number, number];
    const flags = local.readUInt16LE(6);
    const isOpen = (flags & SIZES_FOLLOW) !== 0 || dataOffset + storedBytes > size;
    members.push({
      name: rest.toString('utf8', 0, nameBytes),
      method: local.readUInt16LE(8),
      isEncrypted: (flags & 1) !== 0,
      dataOffset,
      storedBytes: isOpen ? size - dataOffset : storedBytes,
      bytes: isOpen ? undefined : bytes,
      crc: isOpen ? undefined : local.readUInt32LE(14),
    });
    if (isOpen) break;
    at = dataOffset + storedBytes;
  }
  return members;
}
