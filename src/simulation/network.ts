import { ChipMeter } from './chip-meter.ts';
import { Layer } from './layer.ts';
import { Link } from './link.ts';
import type { NetworkPlan } from './plan.ts';
import { Random } from './random.ts';

/** The whole network: layers on the cores of chips, stepped together. */
export class Network {
  readonly meters: readonly ChipMeter[];
  readonly layers: readonly Layer[];
  readonly links: readonly Link[];
  /** Layers that feed no other. */
  private readonly outputs: readonly Layer[];

  constructor(plan: NetworkPlan, seed: number) {
    const placed = plan.layers.map((layer) => {
      const cores = Math.ceil(layer.neurons / layer.neuronsPerCore);
      return Array.from({ length: cores }, (_, core) => ({
        layer: layer.name,
        neurons: Math.min(layer.neuronsPerCore, layer.neurons - core * layer.neuronsPerCore),
      }));
    });
    const coresOf = (chip: number) =>
      placed.flatMap((cores, i) => (plan.layers[i]?.chip === chip ? cores : []));
    this.meters = plan.chips.map((chip, i) => new ChipMeter(chip, coresOf(i)));
    this.layers = plan.layers.map((layer) => {
      const meter = this.meters[layer.chip] as ChipMeter;
      const firstCore = meter.layerNames.indexOf(layer.name);
      return new Layer(layer, meter, firstCore, new Random(seed, `input ${layer.name}`));
    });
    this.links = plan.links.map((link) => {
      const from = this.layers[link.from] as Layer;
      const to = this.layers[link.to] as Layer;
      const name = `${from.plan.name} to ${to.plan.name}`;
      const lossRandom = new Random(seed, `loss ${name}`);
      return new Link(link, from, to, new Random(seed, `weights ${name}`), lossRandom);
    });
    this.outputs = this.layers.filter((_, i) => plan.links.every(({ from }) => from !== i));
  }

  /** One step of every layer; what fires in it arrives in the next. */
  step(): void {
    for (const layer of this.layers) layer.step();
    for (const link of this.links) link.deliver();
    for (const layer of this.outputs) layer.sendToHost();
    for (const meter of this.meters) meter.endStep();
  }

  /** @throws where the network has no such layer */
  layer(name: string): Layer {
    const layer = this.layers.find((each) => each.plan.name === name);
    if (layer === undefined) throw new Error(`the network has no layer ${name}`);
    return layer;
  }

  /** @throws where nothing leads from the one layer to the other */
  link(from: string, to: string): Link {
    const link = this.links.find(
      ({ plan }) =>
        this.layers[plan.from]?.plan.name === from && this.layers[plan.to]?.plan.name === to,
    );
    if (link === undefined) throw new Error(`the network has no link from ${from} to ${to}`);
    return link;
  }
}
