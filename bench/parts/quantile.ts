/** The value that a part of a list does not exceed: the nearest rank; NaN of none. */
export function quantileOf(list: readonly number[], part: number): number {
  const sorted = [...list].sort((a, b) => a - b);
  const rank = Math.max(0, Math.ceil(sorted.length * part) - 1);
  return sorted[rank] ?? Number.NaN;
}
