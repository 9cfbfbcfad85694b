/**
 * Layer shapes of the models that are benchmarked. ViT at 224 × 224 pixels, patches of 16 × 16 and
 * one class token, 197 in all, an MLP of 4 times the width: A. Dosovitskiy et al., An Image is
 * Worth 16x16 Words, 2021 (base); H. Touvron et al., Training data-efficient image transformers,
 * 2021, table 1 (tiny, small). BERT: J. Devlin et al., 2019 (base: L = 12, H = 768, A = 12);
 * I. Turc et al., Well-Read Students Learn Better, 2019 (tiny: L = 2, H = 128, A = 2).
 */
export interface ModelShape {
  readonly name: string;
  /** Positions: patches and a class token, or words. */
  readonly tokens: number;
  /** Width of each token. */
  readonly dim: number;
  readonly blocks: number;
  readonly heads: number;
  /** Neurons of the hidden layer of each block's MLP. */
  readonly mlpDim: number;
  /** Inputs of a patch, 16 · 16 · 3; 0 where tokens are words, whose embeddings are looked up. */
  readonly patchInputs: number;
  /** A layer between the class token and the classes, as wide as a token. */
  readonly hasPooler: boolean;
  readonly classes: number;
}

const VIT = {
  tokens: 197,
  blocks: 12,
  patchInputs: 16 * 16 * 3,
  hasPooler: false,
  classes: 1000,
} as const;

const BERT = { tokens: 128, patchInputs: 0, hasPooler: true, classes: 2 } as const;

export const MODEL_SHAPES: readonly ModelShape[] = [
  { name: 'vit-tiny', ...VIT, dim: 192, heads: 3, mlpDim: 768 },
  { name: 'vit-small', ...VIT, dim: 384, heads: 6, mlpDim: 1536 },
  { name: 'vit-base', ...VIT, dim: 768, heads: 12, mlpDim: 3072 },
  { name: 'bert-tiny', ...BERT, blocks: 2, dim: 128, heads: 2, mlpDim: 512 },
  { name: 'bert-base', ...BERT, blocks: 12, dim: 768, heads: 12, mlpDim: 3072 },
];

/** Synapses with a weight: those of attention have none, spikes meet spikes there. */
export function synapseCount(shape: ModelShape): number {
  const { dim, mlpDim, blocks, patchInputs, hasPooler, classes } = shape;
  const block = 4 * dim * dim + 2 * dim * mlpDim;
  return patchInputs * dim + blocks * block + (hasPooler ? dim * dim : 0) + dim * classes;
}

/** The same model on its first tokens only. */
export function withTokens(shape: ModelShape, tokens: number): ModelShape {
  return { ...shape, tokens: Math.min(tokens, shape.tokens) };
}
