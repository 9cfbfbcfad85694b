import { expect, it } from 'vitest';
import { murmur3 } from '../../src/numerics/murmur3.ts';

/** Python's mmh3 5: `mmh3.hash_bytes(text, seed, x64arch=False).hex()`, which is little-endian. */
const MMH3: readonly (readonly [string, seed0: string, seed7: string])[] = [
  ['', '00000000000000000000000000000000', '5ed8450d888984fb888984fb888984fb'],
  ['a', '3c9394a71bb056551bb056551bb05655', '74ec724570d64f9870d64f9870d64f98'],
  ['abcdefgh', '3611f4ae8714b1ad92806cfa92806cfa', '6a9eaa293aaecb8c092e33e7092e33e7'],
  ['0123456789abcde', '6dc4763cc018084dda33d4adfa7386a7', '54968ff37070a10519a83f8dc28f04d8'],
  ['0123456789abcdef', '09447dfb0ad3ae369b1dad48fd3b2b57', 'f787e0c46bc27684882c69646efccc7d'],
  ['0123456789abcdefg', '36981f7f76386b5130c029ac74f3d6f9', 'fe6252dac467c12a924783971386e58c'],
  ['größe µs', '53c346df040ed2146386c5d049cee2f5', 'f1c2790031b0b6bb889099ef843dc65e'],
];

it.each(MMH3)('murmur3(%j) is what mmh3 gives', (text, seed0, seed7) => {
  expect(littleEndian(murmur3(text))).toBe(seed0);
  expect(littleEndian(murmur3(text, 7))).toBe(seed7);
});

function littleEndian(hex: string): string {
  return hex.replace(/.{8}/g, (word) => word.replace(/(..)(..)(..)(..)/, '$4$3$2$1'));
}
