/**
 * Reads JSON objects of known shapes into columns, in AssemblyScript: compiled to
 * src/kernels/objects-wasm.ts by `npm run kernels`. A shape is a row of constant bytes with a value
 * after each; whatever is not exactly of a known shape ends the reading, and the parser reads the
 * whole message instead. Numbers are those of JSON.parse, or not read. Addresses are of the memory
 * of src/kernels/memory.ts; 64 bytes past the end of a message can be read.
 */

/** What follows the constant bytes of a part; src/adapters/object-scanner.ts has the same. */
const END: u32 = 0;
const LAYER: u32 = 1;
const TEXT: u32 = 2;
const NEURON: u32 = 3;
const TIME: u32 = 4;
const MEMBRANE: u32 = 5;
const NUMBER: u32 = 6;

/** What `scan` gives instead of a count. */
const NOT_KNOWN: i32 = -1;
const NO_ROOM: i32 = -2;

const PART_BYTES: usize = 16;
const ENTRY_BYTES: usize = 16;
const LAYER_BYTES: usize = 16;

/** Addresses and lengths of what is set up: powers of ten, shapes, hash table, layers. */
let tens: usize = 0;
let shapes: usize = 0;
let shapeBytes: usize = 0;
let shapeCount: u32 = 0;
let table: usize = 0;
let tableMask: u32 = 0;
let layers: usize = 0;
let times: f64 = 1;
let divisor: f64 = 1;

/** Where the object began that is of no known shape. */
export let stoppedAt: usize = 0;

let position: usize = 0;
let value: f64 = 0;
let count: usize = 0;

export function setUp(tensAt: usize, timesBy: f64, dividedBy: f64): void {
  tens = tensAt;
  times = timesBy;
  divisor = dividedBy;
  let power: f64 = 1;
  for (let i: usize = 0; i < 23; i++) {
    store<f64>(tensAt + (i << 3), power);
    power *= 10;
  }
}

export function setShapes(at: usize, bytesEach: usize, count: u32): void {
  shapes = at;
  shapeBytes = bytesEach;
  shapeCount = count;
}

/** An empty table of so many entries, a power of two, and room for the layers themselves. */
export function setTable(at: usize, entries: u32, layersAt: usize): void {
  table = at;
  tableMask = entries - 1;
  layers = layersAt;
  memory.fill(at, 0, <usize>entries * ENTRY_BYTES);
}

export function addLayer(name: usize, length: u32, index: u32, count: u32, first: f64): void {
  const h = hashOf(name, length);
  let i = h & tableMask;
  while (load<u32>(table + <usize>i * ENTRY_BYTES, 8) != 0) i = (i + 1) & tableMask;
  const entry = table + <usize>i * ENTRY_BYTES;
  store<u32>(entry, h);
  store<u32>(entry, length, 4);
  store<u32>(entry, <u32>name, 8);
  store<u32>(entry, index, 12);
  const layer = layers + <usize>index * LAYER_BYTES;
  store<f64>(layer, first);
  store<f64>(layer, <f64>count, 8);
}

// @ts-ignore: a decorator of AssemblyScript
@inline
function hashOf(at: usize, length: u32): u32 {
  let a = load<u64>(at);
  let b: u64 = 0;
  if (length >= 8) b = load<u64>(at + length - 8);
  else a &= ((<u64>1) << (<u64>length << 3)) - 1;
  let h = (a ^ <u64>length) * 0x9e3779b97f4a7c15;
  h = (h ^ (h >> 29) ^ b) * 0xbf58476d1ce4e5b9;
  return <u32>(h >> 32);
}

// @ts-ignore: a decorator of AssemblyScript
@inline
function areSame(a: usize, b: usize, length: u32): bool {
  let left = length;
  while (left > 16) {
    if (i8x16.bitmask(i8x16.ne(v128.load(a), v128.load(b)))) return false;
    a += 16;
    b += 16;
    left -= 16;
  }
  const differ = i8x16.bitmask(i8x16.ne(v128.load(a), v128.load(b)));
  return (differ & ((1 << left) - 1)) == 0;
}

/** The place of the layer with this name; -1 for none. */
// @ts-ignore: a decorator of AssemblyScript
@inline
function layerOf(name: usize, length: u32): i32 {
  const h = hashOf(name, length);
  let i = h & tableMask;
  while (true) {
    const entry = table + <usize>i * ENTRY_BYTES;
    const known = load<u32>(entry, 8);
    if (known == 0) return -1;
    if (load<u32>(entry) == h && load<u32>(entry, 4) == length) {
      if (areSame(name, known, length)) return load<i32>(entry, 12);
    }
    i = (i + 1) & tableMask;
  }
}

/** Where a string ends that began there; 0 where it does not. */
// @ts-ignore: a decorator of AssemblyScript
@inline
function endOfString(p: usize, end: usize): usize {
  while (p < end) {
    const quotes = i8x16.bitmask(i8x16.eq(v128.load(p), i8x16.splat(34)));
    if (quotes) return p + ctz(quotes);
    p += 16;
  }
  return 0;
}

/** The same, of a string that nobody reads: 0 as well where it has more than plain ASCII. */
// @ts-ignore: a decorator of AssemblyScript
@inline
function endOfText(p: usize, end: usize): usize {
  while (p < end) {
    const v = v128.load(p);
    const quotes = i8x16.bitmask(i8x16.eq(v, i8x16.splat(34)));
    const odd = v128.or(i8x16.lt_s(v, i8x16.splat(32)), i8x16.eq(v, i8x16.splat(92)));
    const odds = i8x16.bitmask(odd);
    if (quotes) return odds & (quotes - 1) & ~quotes ? 0 : p + ctz(quotes);
    if (odds) return 0;
    p += 16;
  }
  return 0;
}

/** Bits in every byte that is no digit, up to the first one of them at least. */
// @ts-ignore: a decorator of AssemblyScript
@inline
function notDigits(w: u64): u64 {
  const high = (w & 0xf0f0f0f0f0f0f0f0) ^ 0x3030303030303030;
  const low = ((w + 0x0606060606060606) & 0xf0f0f0f0f0f0f0f0) ^ 0x3030303030303030;
  return high | low;
}

// @ts-ignore: a decorator of AssemblyScript
@inline
function eightDigits(w: u64): u64 {
  w = (w & 0x0f0f0f0f0f0f0f0f) * 2561 >> 8;
  w = (w & 0x00ff00ff00ff00ff) * 6553601 >> 16;
  return (w & 0x0000ffff0000ffff) * 42949672960001 >> 32;
}

/**
 * The digits from there on, after those of `before`; how many there are is in `count`, 24 for that
 * many or more. Eight at once, and what is left of eight at once too: numbers differ in length from
 * object to object, and the end of a loop over digits can't be foreseen.
 */
// @ts-ignore: a decorator of AssemblyScript
@inline
function readDigits(p: usize, before: u64): u64 {
  let m = before;
  let n: usize = 0;
  let w = load<u64>(p);
  let odd = notDigits(w);
  while (odd == 0 && n < 24) {
    m = m * 100000000 + eightDigits(w);
    n += 8;
    w = load<u64>(p + n);
    odd = notDigits(w);
  }
  const rest = <usize>ctz(odd) >> 3;
  if (n < 24 && rest > 0) {
    m = m * <u64>load<f64>(tens + (rest << 3)) + eightDigits(w << ((8 - rest) << 3));
    n += rest;
  }
  count = n;
  return m;
}

/** Reads a number into `value`; gives where it ends, 0 where it is not read exactly. */
// @ts-ignore: a decorator of AssemblyScript
@inline
function readNumber(p: usize): usize {
  const isNegative = load<u8>(p) == 45;
  p += <usize>isNegative;
  let m = readDigits(p, 0);
  const whole = count;
  if (whole == 0 || whole > 19 || (whole > 1 && load<u8>(p) == 48)) return 0;
  p += whole;
  let x: f64;
  if (load<u8>(p) == 46) {
    m = readDigits(p + 1, m);
    const fraction = count;
    if (fraction == 0 || whole + fraction > 19 || m > 9007199254740992) return 0;
    p += fraction + 1;
    x = <f64>m / load<f64>(tens + (fraction << 3));
  } else {
    x = <f64>m;
  }
  value = isNegative ? -x : x;
  return p;
}

/** Reads one object of a shape and stores it; its end is in `position`. */
function readObject(p: usize, end: usize, shape: usize, out: usize, room: usize, n: usize): bool {
  let layer: i32 = -1;
  let neuron: f64 = -1;
  let time: f64 = -1;
  let membrane: f64 = NaN;
  for (let part = shape; ; part += PART_BYTES) {
    const length = load<u32>(part, 4);
    if (!areSame(p, load<u32>(part), length)) return false;
    p += length;
    const kind = load<u32>(part, 8);
    if (kind >= NEURON) {
      p = readNumber(p);
      if (p == 0) return false;
      if (kind == NEURON) neuron = value;
      else if (kind == TIME) time = value;
      else if (kind == MEMBRANE) membrane = value;
    } else if (kind == LAYER) {
      const to = endOfString(p, end);
      if (to == 0) return false;
      layer = layerOf(p, <u32>(to - p));
      if (layer < 0) return false;
      p = to;
    } else if (kind == TEXT) {
      p = endOfText(p, end);
      if (p == 0) return false;
    } else {
      break;
    }
  }
  if (p > end) return false;
  const about = layers + <usize>layer * LAYER_BYTES;
  const id = neuron - load<f64>(about);
  if (!(id >= 0 && id < load<f64>(about, 8)) || id != floor(id)) return false;
  const scaled = (time * times) / divisor;
  const us = scaled == floor(scaled) ? scaled : floor(scaled + 0.5);
  if (!(us >= 0 && us < 9007199254740991)) return false;
  const single = <f32>membrane;
  if (abs(single) == Infinity) return false;
  store<f64>(out + (n << 3), us);
  store<u32>(out + (room << 3) + (n << 2), <u32>layer);
  store<u32>(out + room * 12 + (n << 2), <u32>id);
  store<f32>(out + (room << 4) + (n << 2), single);
  position = p;
  return true;
}

// @ts-ignore: a decorator of AssemblyScript
@inline
function isSpace(c: u8): bool {
  return c == 32 || c == 10 || c == 13 || c == 9;
}

// @ts-ignore: a decorator of AssemblyScript
@inline
function pastSpace(p: usize, end: usize): usize {
  while (p < end && isSpace(load<u8>(p))) p++;
  return p;
}

/**
 * Reads a message into the columns at `out` that have room for so many; gives how many objects
 * there are, or why there are none.
 */
export function scan(from: usize, end: usize, areLines: bool, out: usize, room: usize): i32 {
  let p = pastSpace(from, end);
  const isArray = !areLines && load<u8>(p) == 91;
  if (isArray) p = pastSpace(p + 1, end);
  let shape = shapes;
  let n: usize = 0;
  while (true) {
    stoppedAt = p;
    if (p >= end) return NOT_KNOWN;
    if (n == room) return NO_ROOM;
    if (!readObject(p, end, shape, out, room, n)) {
      let isKnown = false;
      for (let i: u32 = 0; i < shapeCount && !isKnown; i++) {
        shape = shapes + <usize>i * shapeBytes;
        isKnown = readObject(p, end, shape, out, room, n);
      }
      if (!isKnown) return NOT_KNOWN;
    }
    n++;
    p = position;
    if (isArray) {
      p = pastSpace(p, end);
      const c = load<u8>(p++);
      if (p > end) return NOT_KNOWN;
      if (c == 93) return pastSpace(p, end) == end ? <i32>n : NOT_KNOWN;
      if (c != 44) return NOT_KNOWN;
      p = pastSpace(p, end);
    } else if (areLines) {
      let isNext = false;
      while (p < end && isSpace(load<u8>(p))) isNext = load<u8>(p++) == 10 || isNext;
      if (p == end) return <i32>n;
      if (!isNext) return NOT_KNOWN;
    } else {
      return pastSpace(p, end) == end ? <i32>n : NOT_KNOWN;
    }
  }
}
