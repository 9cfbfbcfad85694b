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
  let forward = i32x4.splat(-1);
  const start = to;
  let i = 0;
  for (; i + 8 < n; i += 8) {
    const v = v128.load(from);
    const w = v128.load(from, 16);
    const isV = v128.ge<u32>(v128.load(from, 4), v);
    forward = v128.and(forward, v128.and(isV, v128.ge<u32>(v128.load(from, 20), w)));
    v128.store(to, v);
    v128.store(to, w, 16);
    from += 32;
    to += 32;
  }
  let isBack = !v128.all_true<u32>(forward);
  // The first of the rest is not below the one before it, as that has been looked at.
  let last: u32 = 0;
  for (; i < n; i++) {
    const x = load<u32>(from);
    store<u32>(to, x);
    isBack = isBack || x < last;
    last = x;
    from += 4;
    to += 4;
  }
  return isBack ? <f64>max32(start, n) + UNORDERED : <f64>last;
}

/** Of a u16 column of times where it lies: as `takeTimes32`. */
export function times16(from: usize, n: i32): f64 {
  let forward = i32x4.splat(-1);
  const start = from;
  let i = 0;
  for (; i + 16 < n; i += 16) {
    const isFirst = v128.ge<u16>(v128.load(from, 2), v128.load(from));
    const isSecond = v128.ge<u16>(v128.load(from, 18), v128.load(from, 16));
    forward = v128.and(forward, v128.and(isFirst, isSecond));
    from += 32;
  }
  let isBack = !v128.all_true<u16>(forward);
  let last: u32 = 0;
  for (; i < n; i++) {
    const x = <u32>load<u16>(from);
    isBack = isBack || x < last;
    last = x;
    from += 2;
  }
  return isBack ? <f64>max16(start, n) + UNORDERED : <f64>last;
}

// @ts-ignore: a decorator of AssemblyScript
@inline
function increase(counts: usize, id: u32): void {
  const at = counts + (<usize>id << 2);
  store<u32>(at, load<u32>(at) + 1);
}

// @ts-ignore: a decorator of AssemblyScript
@inline
function count<T>(ids: usize, n: i32, counts: usize): void {
  let i = 0;
  for (; i + 8 <= n; i += 8) {
    increase(counts, <u32>load<T>(ids));
    increase(counts, <u32>load<T>(ids, sizeof<T>()));
    increase(counts, <u32>load<T>(ids, 2 * sizeof<T>()));
    increase(counts, <u32>load<T>(ids, 3 * sizeof<T>()));
    increase(counts, <u32>load<T>(ids, 4 * sizeof<T>()));
    increase(counts, <u32>load<T>(ids, 5 * sizeof<T>()));
    increase(counts, <u32>load<T>(ids, 6 * sizeof<T>()));
    increase(counts, <u32>load<T>(ids, 7 * sizeof<T>()));
    ids += 8 * sizeof<T>();
  }
  for (; i < n; i++) {
    increase(counts, <u32>load<T>(ids));
    ids += sizeof<T>();
  }
}

/** Adds one to `counts[id]` for each id of a u32 column. */
export function count32(ids: usize, n: i32, counts: usize): void {
  count<u32>(ids, n, counts);
}

/** Adds one to `counts[id]` for each id of a u16 column. */
export function count16(ids: usize, n: i32, counts: usize): void {
  count<u16>(ids, n, counts);
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

/** Times around where a bin should end: its end is looked for there at once, without a branch. */
const NEAR: i32 = 64;

/** Of 16 values at a place: how many are not below the edge. */
// @ts-ignore: a decorator of AssemblyScript
@inline
function pastOf16(at: usize, edges: v128): i32 {
  const a = v128.ge<u32>(v128.load(at), edges);
  const b = v128.ge<u32>(v128.load(at, 16), edges);
  const c = v128.ge<u32>(v128.load(at, 32), edges);
  const d = v128.ge<u32>(v128.load(at, 48), edges);
  const all = v128.narrow<i16>(v128.narrow<i32>(a, b), v128.narrow<i32>(c, d));
  return popcnt(v128.bitmask<i8>(all));
}

/** Of NEAR values at a place: how many are below the edge. */
// @ts-ignore: a decorator of AssemblyScript
@inline
function nearBelow32(at: usize, edges: v128): i32 {
  const past = pastOf16(at, edges) + pastOf16(at + 64, edges);
  return NEAR - past - pastOf16(at + 128, edges) - pastOf16(at + 192, edges);
}

// @ts-ignore: a decorator of AssemblyScript
@inline
function shortPastOf16(at: usize, edges: v128): i32 {
  const a = v128.ge<u16>(v128.load(at), edges);
  const b = v128.ge<u16>(v128.load(at, 16), edges);
  return popcnt(v128.bitmask<i8>(v128.narrow<i16>(a, b)));
}

// @ts-ignore: a decorator of AssemblyScript
@inline
function nearBelow16(at: usize, edges: v128): i32 {
  const past = shortPastOf16(at, edges) + shortPastOf16(at + 32, edges);
  return NEAR - past - shortPastOf16(at + 64, edges) - shortPastOf16(at + 96, edges);
}

/** Where a bin ends that begins at `from`: the first time that is not below the edge. */
function endOfBin32(dts: usize, from: i32, n: i32, usual: i32, edge: u32): i32 {
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
  return i;
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
    const low = max(from, from + usual - NEAR / 2);
    const at = dts + (<usize>low << 2);
    const isPast = low + NEAR <= n && load<u32>(at + ((NEAR - 1) << 2)) >= edge;
    if (isPast && (low === from || load<u32>(at) < edge)) {
      i = low + nearBelow32(at, edges);
    } else {
      i = endOfBin32(dts, from, n, usual, edge);
    }
    store<u32>(counts + (<usize>bin << 2), i - from);
    from = i;
    edge += width;
  }
  store<u32>(counts + (<usize>(bins - 1) << 2), n - from);
}

/** Where a bin ends that begins at `from`: the first time that is not below the edge. */
function endOfBin16(dts: usize, from: i32, n: i32, usual: i32, edge: u32): i32 {
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
  return i;
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
    const low = max(from, from + usual - NEAR / 2);
    const at = dts + (<usize>low << 1);
    const isPast = low + NEAR <= n && <u32>load<u16>(at + ((NEAR - 1) << 1)) >= edge;
    if (isPast && (low === from || <u32>load<u16>(at) < edge)) {
      i = low + nearBelow16(at, edges);
    } else {
      i = endOfBin16(dts, from, n, usual, edge);
    }
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
