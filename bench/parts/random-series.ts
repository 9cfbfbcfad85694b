/** A daily wave with noise and rare spikes; the same at every run. */
export function createRandom(seed: number): () => number {
  let state = seed;
  let i = 0;
  const chance = () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
  return () => {
    i++;
    const spike = chance() < 0.0005 ? 50 : 0;
    return 100 + 20 * Math.sin((i * Math.PI) / 144) + 5 * (chance() + chance() - 1) + spike;
  };
}
