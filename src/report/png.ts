import { crc32, deflateSync } from 'node:zlib';

/** Bits of a pixel: 16 shades are as many as the eye tells apart in one colour. */
export const SHADES = 16;

const SIGNATURE = Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a);
const INDEXED = 3;

/**
 * A picture of white in 16 degrees of opacity, 4 bits a pixel (PNG, third edition): what it lies
 * over gives it its colour.
 * @param shades [height·width] 0 is clear, 15 opaque
 * @returns its address as data
 */
export function opacityPng(shades: Uint8Array, width: number, height: number): string {
  const stride = Math.ceil(width / 2);
  const rows = new Uint8Array(height * (stride + 1));
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const at = y * (stride + 1) + 1 + (x >> 1);
      const shade = shades[y * width + x] as number;
      rows[at] = (rows[at] as number) | (x & 1 ? shade : shade << 4);
    }
  }
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([4, INDEXED, 0, 0, 0], 8);
  const opacity = Uint8Array.from({ length: SHADES }, (_, i) => Math.round((255 * i) / 15));
  const file = Buffer.concat([
    SIGNATURE,
    chunk('IHDR', header),
    chunk('PLTE', new Uint8Array(SHADES * 3).fill(255)),
    chunk('tRNS', opacity),
    chunk('IDAT', deflateSync(rows, { level: 9 })),
    chunk('IEND', new Uint8Array(0)),
  ]);
  return `data:image/png;base64,${file.toString('base64')}`;
}

function chunk(type: string, data: Uint8Array): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(data.length);
  const check = Buffer.alloc(4);
  check.writeUInt32BE(crc32(body));
  return Buffer.concat([length, body, check]);
}
