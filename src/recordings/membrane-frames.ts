import type { MembraneFrame } from '../frames/membrane.ts';
import type { CutSpan } from './cut-spans.ts';
import { type FramePiece, orderPieces, recordedHeader } from './frame-layer.ts';
import type { RecordedLayer } from './recording.ts';
import { LayerSplit } from './split-layers.ts';

/** A frame of n neurons and m times takes n·m values, n ids and m times of four bytes each. */
const WORDS_MAX = 260_000;
const VALUES_MAX = 131_072;
const NEURONS_MAX = 100_000;

interface MembranePiece extends FramePiece {
  readonly neurons: number;
}

/**
 * Potentials of cut spans as frames, time-major. Times at which the same neurons were sampled share
 * a frame; where the neurons change, a new one begins. Times without samples make no frame.
 */
export async function* membraneFrames(
  spans: AsyncIterable<CutSpan>,
  layers: readonly RecordedLayer[],
  unit: string,
): AsyncGenerator<MembraneFrame, void, void> {
  const split = new LayerSplit(layers.length);
  let times = new Uint32Array(0);
  for await (const span of spans) {
    if (span.count === 0) continue;
    split.split(span);
    if (times.length < split.dtUs.length) times = new Uint32Array(split.dtUs.length);
    for (const piece of orderPieces(piecesOf(span, split, layers.length))) {
      const { startUs, endUs, from, to, neurons } = piece;
      const layer = layers[piece.layer] as RecordedLayer;
      const rows = (to - from) / neurons;
      const before = startUs - span.startUs;
      for (let row = 0; row < rows; row++) {
        times[row] = (split.dtUs[from + row * neurons] as number) - before;
      }
      yield {
        kind: 'membrane',
        ...recordedHeader(layer, startUs, endUs - startUs),
        layerName: layer.name,
        neuronId: split.neuron.subarray(from, from + neurons),
        dtUs: times.subarray(0, rows),
        values: split.value.subarray(from, to),
        unit,
        neuronOffset: 0,
      };
    }
  }
}

function piecesOf(span: CutSpan, split: LayerSplit, layerCount: number): MembranePiece[] {
  const pieces: MembranePiece[] = [];
  for (let layer = 0; layer < layerCount; layer++) {
    const from = split.starts[layer] as number;
    const to = split.starts[layer + 1] as number;
    if (from < to) cutLayer(span, split, layer, from, to, pieces);
  }
  return pieces;
}

function cutLayer(
  span: CutSpan,
  split: LayerSplit,
  layer: number,
  first: number,
  to: number,
  pieces: MembranePiece[],
): void {
  let from = first;
  let { startUs } = span;
  let end = timeEnd(split, from, to);
  while (from < to) {
    const neurons = end - from;
    const rowsMax = Math.min(
      Math.floor((WORDS_MAX - neurons) / (neurons + 1)),
      Math.floor(VALUES_MAX / neurons),
    );
    let rows = 1;
    let rowEnd = end < to ? timeEnd(split, end, to) : end;
    while (end < to && rows < rowsMax && isSameRow(split, from, end, rowEnd - end, neurons)) {
      rows++;
      end = rowEnd;
      if (end < to) rowEnd = timeEnd(split, end, to);
    }
    // The next frame begins at its first sample; where that is at this one's time, they overlap.
    const nextUs = end < to ? span.startUs + (split.dtUs[end] as number) : span.endUs;
    const isShared = nextUs <= startUs;
    const endUs = isShared ? startUs + 1 : nextUs;
    const lastUs = span.startUs + (split.dtUs[end - 1] as number);
    pieces.push({ layer, startUs, endUs: Math.max(endUs, lastUs + 1), from, to: end, neurons });
    startUs = nextUs;
    from = end;
    end = rowEnd;
  }
}

/**
 * End of the samples of one time, or of as many neurons of it as a frame takes; sorts them by id.
 */
function timeEnd(split: LayerSplit, from: number, to: number): number {
  const { dtUs, neuron } = split;
  let end = from + 1;
  let isAscending = true;
  while (end < to && dtUs[end] === dtUs[from] && end - from < NEURONS_MAX) {
    if ((neuron[end] as number) < (neuron[end - 1] as number)) isAscending = false;
    end++;
  }
  if (!isAscending) sortByNeuron(split, from, end);
  return end;
}

function sortByNeuron({ neuron, value }: LayerSplit, from: number, to: number): void {
  const order = Array.from({ length: to - from }, (_, i) => from + i);
  order.sort((a, b) => (neuron[a] as number) - (neuron[b] as number) || a - b);
  const ids = order.map((i) => neuron[i] as number);
  const values = order.map((i) => value[i] as number);
  neuron.set(ids, from);
  value.set(values, from);
}

/** Whether the samples from `row` are of the same neurons as those from `first`. */
function isSameRow(
  { neuron }: LayerSplit,
  first: number,
  row: number,
  length: number,
  neurons: number,
): boolean {
  if (length !== neurons) return false;
  for (let i = 0; i < neurons; i++) {
    if (neuron[first + i] !== neuron[row + i]) return false;
  }
  return true;
}
