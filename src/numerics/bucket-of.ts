/** Index of the first bound that `value` is not above; `le.length` when it is above all. */
export function bucketOf(le: readonly number[] | Float64Array, value: number): number {
  let low = 0;
  let high = le.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (value <= (le[middle] as number)) high = middle;
    else low = middle + 1;
  }
  return low;
}
