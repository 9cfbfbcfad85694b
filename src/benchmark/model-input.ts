import { Random } from '../simulation/random.ts';
import type { ModelShape } from './model-shape.ts';
import { SpikeLists } from './spike-lists.ts';

/** One input of a model, as spikes and currents. */
export interface ModelInput {
  /** [tokens · dim] flows in every step: positions, and the embeddings of words. */
  readonly currents: Int32Array;
  /** [timesteps] spikes of the pixels of each patch; none where tokens are words. */
  readonly pixels: readonly SpikeLists[];
}

/** Currents that stand for learnt embeddings are evenly spread up to this, either way. */
const EMBEDDING = 1023;
/** A white pixel fires in every second step. */
const WHITE_RATE = 0.5;

/**
 * Input number `sample` of a seed: an image whose pixels are evenly spread between black and white,
 * coded as rates, or words that are drawn anew. Embeddings are drawn where they are needed; their
 * table would be most of a small model, and looking up is no synaptic operation.
 */
export function modelInput(
  shape: ModelShape,
  seed: number,
  sample: number,
  timesteps: number,
): ModelInput {
  const { tokens, dim } = shape;
  const currents = new Int32Array(tokens * dim);
  addEmbedding(currents, new Random(seed, `${shape.name} positions`));
  const random = new Random(seed, `${shape.name} input ${sample}`);
  if (shape.patchInputs === 0) {
    addEmbedding(currents, random);
    return { currents, pixels: [] };
  }
  const rates = new Float64Array(tokens * shape.patchInputs);
  for (let i = 0; i < rates.length; i++) rates[i] = random.unit() * WHITE_RATE;
  const pixels = Array.from({ length: timesteps }, () => pixelSpikes(shape, rates, random));
  return { currents, pixels };
}

function addEmbedding(currents: Int32Array, random: Random): void {
  for (let i = 0; i < currents.length; i++) {
    currents[i] = (currents[i] as number) + random.below(2 * EMBEDDING + 1) - EMBEDDING;
  }
}

/** The first token is that of the class: it sees no pixels. */
function pixelSpikes(shape: ModelShape, rates: Float64Array, random: Random): SpikeLists {
  const { tokens, patchInputs } = shape;
  const spikes = new SpikeLists(tokens, patchInputs);
  for (let token = 1; token < tokens; token++) {
    const from = token * patchInputs;
    let fired = 0;
    for (let i = 0; i < patchInputs; i++) {
      if (random.unit() < (rates[from + i] as number)) spikes.ids[from + fired++] = i;
    }
    spikes.counts[token] = fired;
  }
  return spikes;
}
