/** A wave with noise: the same at every run. */
export function wave(points: number, seed = 7): number[] {
  let state = seed;
  return Array.from({ length: points }, (_, i) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return 100 + 20 * Math.sin((i * Math.PI) / 24) + (5 * state) / 2 ** 32;
  });
}
