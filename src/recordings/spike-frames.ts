import type { SpikesFrame } from '../frames/spikes.ts';
import type { CutSpan } from './cut-spans.ts';
import { type FramePiece, orderPieces, recordedHeader } from './frame-layer.ts';
import type { RecordedLayer } from './recording.ts';
import { LayerSplit } from './split-layers.ts';

/** Eight bytes a spike, and room for the names: within 1 MiB encoded. */
export const SPIKES_PER_FRAME_MAX = 130_000;

interface OffsetLayer extends RecordedLayer {
  readonly neuronOffset?: number | undefined;
}

/**
 * Spikes of cut spans as frames: one a layer and span, silent ones too. A layer with more spikes
 * than a frame takes gets several that follow each other; more than that at one µs share their t0.
 */
export async function* spikeFrames(
  spans: AsyncIterable<CutSpan>,
  layers: readonly OffsetLayer[],
  timestepUs: number | undefined,
): AsyncGenerator<SpikesFrame, void, void> {
  const split = new LayerSplit(layers.length);
  // A step must be a whole number of µs to be told on the wire.
  const stepUs = Number.isInteger(timestepUs) ? timestepUs : undefined;
  for await (const span of spans) {
    split.split(span);
    for (const piece of orderPieces(piecesOf(span, split, layers.length))) {
      const { startUs, endUs, from, to } = piece;
      const layer = layers[piece.layer] as OffsetLayer;
      rebase(split.dtUs, from, to, startUs - span.startUs);
      yield {
        kind: 'spikes',
        ...recordedHeader(layer, startUs, endUs - startUs),
        layerName: layer.name,
        neuronType: layer.neuronType,
        neuronCount: layer.neuronCount,
        neuronId: split.neuron.subarray(from, to),
        dtUs: split.dtUs.subarray(from, to),
        timestep0: stepUs === undefined ? undefined : Math.ceil(startUs / stepUs),
        timestepUs: stepUs,
        neuronOffset: layer.neuronOffset ?? 0,
      };
    }
  }
}

function piecesOf(span: CutSpan, split: LayerSplit, layerCount: number): FramePiece[] {
  const pieces: FramePiece[] = [];
  for (let layer = 0; layer < layerCount; layer++) {
    const from = split.starts[layer] as number;
    const to = split.starts[layer + 1] as number;
    if (from === to && !span.isCover) continue;
    cutLayer(span, split.dtUs, layer, from, to, pieces);
  }
  return pieces;
}

function cutLayer(
  span: CutSpan,
  dtUs: Uint32Array,
  layer: number,
  first: number,
  to: number,
  pieces: FramePiece[],
): void {
  let from = first;
  let { startUs } = span;
  while (to - from > SPIKES_PER_FRAME_MAX) {
    const cut = dtUs[from + SPIKES_PER_FRAME_MAX] as number;
    const cutUs = span.startUs + cut;
    let end = from + SPIKES_PER_FRAME_MAX;
    while (end > from && dtUs[end - 1] === cut) end--;
    if (cutUs > startUs) {
      pieces.push({ layer, startUs, endUs: cutUs, from, to: end });
      startUs = cutUs;
      from = end;
    } else {
      end = from + SPIKES_PER_FRAME_MAX;
      pieces.push({ layer, startUs, endUs: startUs + 1, from, to: end });
      from = end;
    }
  }
  if (from === to && startUs === span.endUs) return;
  pieces.push({ layer, startUs, endUs: span.endUs, from, to });
}

/** Makes times relative to a frame that starts `byUs` into the span. */
function rebase(dtUs: Uint32Array, from: number, to: number, byUs: number): void {
  if (byUs === 0) return;
  for (let i = from; i < to; i++) dtUs[i] = (dtUs[i] as number) - byUs;
}
