import type { Frame } from '../frames/frame.ts';
import type { MembraneFrame } from '../frames/membrane.ts';
import { placeOf } from '../frames/places.ts';
import { noteOrder, type SpikesFrame } from '../frames/spikes.ts';
import type { AdapterOptions } from './adapter-options.ts';
import type { AdaptedLayer } from './layer-table.ts';
import type { ObjectColumns } from './object-columns.ts';
import type { FramePlace } from './object-frames.ts';

/** Places whose frames are kept at hand. */
const PLACES_MAX = 256;

type Written<F> = { -readonly [Key in keyof F]: F[Key] };

/** What messages of one object make of a layer, written over by each. */
interface Made {
  readonly spikes: Written<SpikesFrame>;
  readonly membrane: Written<MembraneFrame>;
}

/**
 * The frames of messages that are one object: the same as those of many, and none is made anew.
 * They are valid until the next message.
 */
export class SingleObject {
  private readonly options: AdapterOptions;
  private readonly neuron = new Uint32Array(1);
  private readonly dt = new Uint32Array(1);
  private readonly potential = new Float32Array(1);
  private readonly none = new Uint32Array(1);
  private readonly places = new Map<FramePlace, (Made | undefined)[]>();
  private readonly frames: Frame[] = [];

  constructor(options: AdapterOptions) {
    this.options = options;
  }

  make(
    columns: ObjectColumns,
    layer: AdaptedLayer,
    place: FramePlace,
    t0Us: number,
    spanUs: number,
  ) {
    const { frames } = this;
    const { spikes, membrane } = this.madeOf(layer, place);
    const us = columns.timeUs[0] as number;
    const potential = columns.membrane[0] as number;
    this.neuron[0] = columns.neuron[0] as number;
    this.dt[0] = us - t0Us;
    noteOrder(this.dt, true);
    begin(spikes, t0Us, spanUs);
    frames.length = 1;
    frames[0] = spikes;
    if (Number.isNaN(potential)) return frames;
    this.potential[0] = potential;
    begin(membrane, us, 1);
    frames[1] = membrane;
    return frames;
  }

  private madeOf(layer: AdaptedLayer, place: FramePlace): Made {
    let layers = this.places.get(place);
    if (layers === undefined) {
      // Places are remembered by subject, as often as there are subjects.
      if (this.places.size >= PLACES_MAX) this.places.clear();
      layers = [];
      this.places.set(place, layers);
    }
    const known = layers[layer.index];
    // A table that was full begins anew, with other layers at its places.
    if (known !== undefined && known.spikes.layerName === layer.name) return known;
    const made = this.newMade(layer, place);
    while (layers.length < layer.index) layers.push(undefined);
    layers[layer.index] = made;
    return made;
  }

  private newMade(layer: AdaptedLayer, { deviceType, chipId }: FramePlace): Made {
    const header = {
      ...{ deviceType, chipId, t0Us: 0, spanUs: 1, seq: undefined, runId: undefined },
      ...{ emitter: undefined, arrivedUs: Number.NaN, trace: undefined, restarts: 0 },
    };
    const of = { layerName: layer.name, neuronId: this.neuron, neuronOffset: layer.firstNeuron };
    const { neuronType, neuronCount } = layer;
    return {
      spikes: {
        kind: 'spikes',
        ...header,
        ...of,
        ...{ neuronType, neuronCount, dtUs: this.dt, timestep0: undefined, timestepUs: undefined },
        place: placeOf(deviceType, chipId, layer.name),
        framesJoined: undefined,
      },
      membrane: {
        kind: 'membrane',
        ...header,
        ...of,
        ...{ values: this.potential, dtUs: this.none, unit: this.options.membrane_unit },
      },
    };
  }
}

function begin(frame: Written<Frame>, t0Us: number, spanUs: number): void {
  frame.t0Us = t0Us;
  frame.spanUs = spanUs;
  frame.arrivedUs = Number.NaN;
  frame.trace = undefined;
  frame.restarts = 0;
}
