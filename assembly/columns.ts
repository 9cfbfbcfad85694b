/**
 * Loops over columns of frames, in AssemblyScript: compiled to src/kernels/columns-wasm.ts by
 * `npm run kernels`. Arguments are addresses in the memory of src/kernels/memory.ts and counts of
 * values; addresses of what was read need no alignment. Nothing here checks bounds: the callers
 * pass whole columns only. Every function has a twin in plain JavaScript beside its caller, with
 * the same results; test/kernels.test.ts compares them.
 */

/** Added to what `takeTimes32` and the like give where times go back somewhere. */
const UNORDERED: f64 = 4294967296.0;

// @ts-ignore: a decorator of AssemblyScript
@inline
function max4(v: v128): u32 {
  let m = v128.extract_lane<u32>(v, 0);
  m = max(m, v128.extract_lane<u32>(v, 1));
  m = max(m, v128.extract_lane<u32>(v, 2));
  return max(m, v128.extract_lane<u32>(v, 3));
}

// @ts-ignore: a decorator of AssemblyScript
@inline
function max8(v: v128): u32 {
  const low = i32x4.extend_low_i16x8_u(v);
  return max4(v128.max<u32>(low, i32x4.extend_high_i16x8_u(v)));
}

/** The largest of a u32 column. */
export function max32(from: usize, n: i32): u32 {
  let a = i32x4.splat(0);
  let b = i32x4.splat(0);
  let i = 0;
  for (; i + 8 <= n; i += 8) {
    a = v128.max<u32>(a, v128.load(from));
    b = v128.max<u32>(b, v128.load(from, 16));
    from += 32;
  }
  let m = max4(v128.max<u32>(a, b));
  for (; i < n; i++) {
    m = max(m, load<u32>(from));
    from += 4;
  }
  return m;
}

/** The largest of a u16 column. */
export function max16(from: usize, n: i32): u32 {
  let a = i32x4.splat(0);
  let i = 0;
  for (; i + 8 <= n; i += 8) {
    a = v128.max<u16>(a, v128.load(from));
    from += 16;
  }
  let m = max8(a);
  for (; i < n; i++) {
    m = max(m, <u32>load<u16>(from));
    from += 2;
  }
  return m;
}

/** Moves a u32 column to where it is aligned; gives the largest. */
export function take32(from: usize, n: i32, to: usize): u32 {
  let a = i32x4.splat(0);
  let b = i32x4.splat(0);
  let i = 0;
  for (; i + 8 <= n; i += 8) {
    const v = v128.load(from);
    const w = v128.load(from, 16);
    v128.store(to, v);
    v128.store(to, w, 16);
    a = v128.max<u32>(a, v);
    b = v128.max<u32>(b, w);
    from += 32;
    to += 32;
  }
  let m = max4(v128.max<u32>(a, b));
  for (; i < n; i++) {
    const x = load<u32>(from);
    store<u32>(to, x);
    m = max(m, x);
    from += 4;
    to += 4;
  }
  return m;
}

/**
 * Moves a u32 column of times to where it is aligned; gives the largest, and UNORDERED on top where
 * one is below the one before it.
 */
export function takeTimes32(from: usize, n: i32, to: usize): f64 {
  let largest = i32x4.splat(0);
  let back = i32x4.splat(0);
  let i = 0;
  for (; i + 4 < n; i += 4) {
    const v = v128.load(from);
    back = v128.or(back, v128.lt<u32>(v128.load(from, 4), v));
    largest = v128.max<u32>(largest, v);
    v128.store(to, v);
    from += 16;
    to += 16;
  }
  let m = max4(largest);
  let isBack = v128.any_true(back);
  // The first of the rest is not below the vector before it, as that has been looked at.
  let last: u32 = 0;
  for (; i < n; i++) {
    const x = load<u32>(from);
    store<u32>(to, x);
    isBack = isBack || x < last;
    last = x;
    m = max(m, x);
    from += 4;
    to += 4;
  }
  return isBack ? <f64>m + UNORDERED : <f64>m;
}

/** Of a u16 column of times where it lies: as `takeTimes32`. */
export function times16(from: usize, n: i32): f64 {
  let largest = i32x4.splat(0);
  let back = i32x4.splat(0);
  let i = 0;
  for (; i + 8 < n; i += 8) {
    const v = v128.load(from);
    back = v128.or(back, v128.lt<u16>(v128.load(from, 2), v));
    largest = v128.max<u16>(largest, v);
    from += 16;
  }
  let m = max8(largest);
  let isBack = v128.any_true(back);
  let last: u32 = 0;
  for (; i < n; i++) {
    const x = <u32>load<u16>(from);
    isBack = isBack || x < last;
    last = x;
    m = max(m, x);
    from += 2;
  }
  return isBack ? <f64>m + UNORDERED : <f64>m;
}

// @ts-ignore: a decorator of AssemblyScript
@inline
function increase(counts: usize, id: u32): void {
  const at = counts + (<usize>id << 2);
  store<u32>(at, load<u32>(at) + 1);
}

/** Adds one to `counts[id]` for each id of a u32 column. */
export function count32(ids: usize, n: i32, counts: usize): void {
  let i = 0;
  for (; i + 8 <= n; i += 8) {
    const a = load<u64>(ids);
    const b = load<u64>(ids, 8);
    const c = load<u64>(ids, 16);
    const d = load<u64>(ids, 24);
    increase(counts, <u32>a);
    increase(counts, <u32>(a >> 32));
    increase(counts, <u32>b);
    increase(counts, <u32>(b >> 32));
    increase(counts, <u32>c);
    increase(counts, <u32>(c >> 32));
    increase(counts, <u32>d);
    increase(counts, <u32>(d >> 32));
    ids += 32;
  }
  for (; i < n; i++) {
    increase(counts, load<u32>(ids));
    ids += 4;
  }
}

/** Adds one to `counts[id]` for each id of a u16 column. */
export function count16(ids: usize, n: i32, counts: usize): void {
  let i = 0;
  for (; i + 8 <= n; i += 8) {
    const a = load<u64>(ids);
    const b = load<u64>(ids, 8);
    increase(counts, <u32>a & 0xffff);
    increase(counts, <u32>a >> 16);
    increase(counts, <u32>(a >> 32) & 0xffff);
    increase(counts, <u32>(a >> 48));
    increase(counts, <u32>b & 0xffff);
    increase(counts, <u32>b >> 16);
    increase(counts, <u32>(b >> 32) & 0xffff);
    increase(counts, <u32>(b >> 48));
    ids += 16;
  }
  for (; i < n; i++) {
    increase(counts, <u32>load<u16>(ids));
    ids += 2;
  }
}

// @ts-ignore: a decorator of AssemblyScript
@inline
function countBetween<T>(
  ids: usize,
  dts: usize,
  n: i32,
  counts: usize,
  fromDt: u32,
  toDt: u32,
): i32 {
  const width = toDt - fromDt;
  let counted = 0;
  for (let i = 0; i < n; i++) {
    const isInside = <u32>(<u32>load<T>(dts) - fromDt < width);
    const at = counts + (<usize>load<T>(ids) << 2);
    store<u32>(at, load<u32>(at) + isInside);
    counted += isInside;
    ids += sizeof<T>();
    dts += sizeof<T>();
  }
  return counted;
}

/** As `count32`, of the spikes with a time in [fromDt, toDt); gives how many they are. */
export function countBetween32(
  ids: usize,
  dts: usize,
  n: i32,
  counts: usize,
  fromDt: u32,
  toDt: u32,
): i32 {
  return countBetween<u32>(ids, dts, n, counts, fromDt, toDt);
}

/** As `countBetween32`, of u16 columns. */
export function countBetween16(
  ids: usize,
  dts: usize,
  n: i32,
  counts: usize,
  fromDt: u32,
  toDt: u32,
): i32 {
  return countBetween<u16>(ids, dts, n, counts, fromDt, toDt);
}

/**
 * Spikes by bin of times that never go back: bin k holds those below `firstEdge + k · width` that
 * no bin before holds. Overwrites [bins] u32 counts; the last bin takes the rest.
 */
export function binOrdered32(
  dts: usize,
  n: i32,
  firstEdge: u32,
  width: u32,
  bins: i32,
  counts: usize,
): void {
  const usual = n / bins;
  let from = 0;
  let edge = firstEdge;
  for (let bin = 0; bin + 1 < bins; bin++) {
    const edges = i32x4.splat(edge);
    let i = from;
    // Where the bin is about as full as all are, most of it is not looked at.
    const ahead = from + usual - (usual >> 3);
    if (ahead > from && ahead < n && load<u32>(dts + (<usize>ahead << 2)) < edge) i = ahead;
    while (i + 4 <= n) {
      const below = v128.bitmask<u32>(v128.lt<u32>(v128.load(dts + (<usize>i << 2)), edges));
      i += popcnt(below);
      if (below != 15) break;
    }
    while (i < n && load<u32>(dts + (<usize>i << 2)) < edge) i++;
    store<u32>(counts + (<usize>bin << 2), i - from);
    from = i;
    edge += width;
  }
  store<u32>(counts + (<usize>(bins - 1) << 2), n - from);
}

/** As `binOrdered32`, of a u16 column. */
export function binOrdered16(
  dts: usize,
  n: i32,
  firstEdge: u32,
  width: u32,
  bins: i32,
  counts: usize,
): void {
  const usual = n / bins;
  let from = 0;
  let edge = firstEdge;
  for (let bin = 0; bin + 1 < bins; bin++) {
    // No u16 is at or past an edge of 2^16: all are below it.
    if (edge > 0xffff) {
      store<u32>(counts + (<usize>bin << 2), n - from);
      from = n;
      continue;
    }
    const edges = i16x8.splat(<i16>edge);
    let i = from;
    const ahead = from + usual - (usual >> 3);
    if (ahead > from && ahead < n && <u32>load<u16>(dts + (<usize>ahead << 1)) < edge) i = ahead;
    while (i + 8 <= n) {
      const below = v128.bitmask<u16>(v128.lt<u16>(v128.load(dts + (<usize>i << 1)), edges));
      i += popcnt(below);
      if (below != 255) break;
    }
    while (i < n && <u32>load<u16>(dts + (<usize>i << 1)) < edge) i++;
    store<u32>(counts + (<usize>bin << 2), i - from);
    from = i;
    edge += width;
  }
  store<u32>(counts + (<usize>(bins - 1) << 2), n - from);
}

/** Adds spikes in any order to bins: that of a time is (time + into) / width, the last at most. */
export function binAny32(
  dts: usize,
  n: i32,
  into: u32,
  width: u32,
  bins: i32,
  counts: usize,
): void {
  const last = <u32>bins - 1;
  for (let i = 0; i < n; i++) {
    increase(counts, min((load<u32>(dts) + into) / width, last));
    dts += 4;
  }
}

/**
 * Adds one to the counter of each value's class, by a table of u8 classes below 16 for values below
 * `tableLength`; class 15 takes the rest. Overwrites four rows of 16 u32 counters, to be added up: a
 * value that is like the one before need not wait for it.
 */
export function classify32(
  values: usize,
  n: i32,
  table: usize,
  tableLength: u32,
  counters: usize,
): void {
  memory.fill(counters, 0, 256);
  for (let i = 0; i < n; i++) {
    const value = load<u32>(values);
    const slot: u32 = value < tableLength ? <u32>load<u8>(table + value) : 15;
    increase(counters + ((i & 3) << 6), slot);
    values += 4;
  }
}
