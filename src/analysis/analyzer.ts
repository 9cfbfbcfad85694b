import { anomalyOptions } from '../anomalies/options.ts';
import { isIncident, isWatched, watchAnomalies } from '../anomalies/watch-anomalies.ts';
import type { CountEvent, OperatorEvent } from '../component/operator-event.ts';
import { type Frame, sampleCount } from '../frames/frame.ts';
import type { MembraneFrame } from '../frames/membrane.ts';
import type { PowerFrame } from '../frames/power.ts';
import type { SpikesFrame } from '../frames/spikes.ts';
import { formatSubject } from '../frames/subject.ts';
import { membraneBoundsOf } from '../numerics/membrane-buckets.ts';
import { binMembrane } from '../operators/bin-membrane.ts';
import { integratePower, type PowerReading } from '../operators/integrate-power.ts';
import { measureSpikeRate } from '../operators/measure-spike-rate.ts';
import { SequenceTracker } from '../operators/track-sequence.ts';
import type { RecordingInfo, RecordingNotes } from '../recordings/recording.ts';
import { AnalysisBudget } from './analysis-budget.ts';
import { ChipPower } from './chip-power.ts';
import { driveOperator, NO_CHECKPOINT } from './drive-operator.ts';
import { IncidentList } from './incident-list.ts';
import { LayerAnalysis } from './layer-analysis.ts';
import type { NeuronValues } from './layer-spikes.ts';
import { OrderedSpikes } from './ordered-spikes.ts';
import type { Analysis, PowerResult } from './result.ts';

/** Layers, chips and subjects that are told apart; the rest is left out, and said. */
const LAYERS_MAX = 4096;
const CHIPS_MAX = 4096;
/** As live: how far frames may lag behind the newest of their part. */
const LATENESS_US = 200_000;
const WINDOWS_OPEN_MAX = 16;
/** Spikes of candidates for synchrony that are held, over all layers: 16 bytes each. */
const SYNC_SPIKES_MAX = 1 << 20;
const SYNC_SPIKES_LAYER_MAX = 1 << 17;

export interface AnalyzerOptions {
  /** Length W of the windows. */
  readonly windowUs: number;
  /** Whether the result lists them. */
  readonly listsWindows: boolean;
}

/**
 * Turns the frames of a recording into the numbers of `analyze --json`. Frames go the way they go
 * live, through the same operators; what only a whole recording has (intervals, synchrony,
 * quantiles) is kept beside them, one file for each. Memory does not grow with the recording.
 */
export class Analyzer {
  private readonly info: RecordingInfo;
  private readonly options: AnalyzerOptions;
  private readonly layers = new Map<string, LayerAnalysis>();
  private readonly chips = new Map<string, ChipPower>();
  private readonly budget = new AnalysisBudget();
  private readonly ordered = new OrderedSpikes();
  private readonly tracker = new SequenceTracker(CHIPS_MAX);
  private readonly events = new Map<OperatorEvent, number>();
  private readonly syncCapacity: number;
  private framesLost = 0;
  private outside = 0;
  /** What the power operator made of the frame it was given last. */
  private reading: PowerReading | undefined;
  private readonly rates;
  private readonly membranes;
  private readonly power;
  private readonly anomalies;
  private readonly incidents = new IncidentList();

  constructor(info: RecordingInfo, options: AnalyzerOptions) {
    this.info = info;
    this.options = options;
    const share = Math.floor(SYNC_SPIKES_MAX / Math.max(1, info.layers.length));
    this.syncCapacity = Math.min(share, SYNC_SPIKES_LAYER_MAX);
    const count: CountEvent = (event, times) => {
      this.events.set(event, this.eventCount(event) + times);
    };
    this.rates = driveOperator(
      measureSpikeRate(
        {
          windowUs: options.windowUs,
          latenessUs: LATENESS_US,
          partsMax: LAYERS_MAX,
          neuronsMax: 2 ** 26,
          windowsOpenMax: WINDOWS_OPEN_MAX,
        },
        NO_CHECKPOINT,
        count,
      ),
      (rate) => this.layers.get(rate.layerName)?.observed(rate),
    );
    this.membranes = driveOperator(
      binMembrane({ boundsOf: membraneBoundsOf, layersMax: LAYERS_MAX }, NO_CHECKPOINT, count),
      (histograms) => this.layers.get(histograms.layerName)?.binned(histograms),
    );
    this.power = driveOperator(
      integratePower({ railsMax: CHIPS_MAX }, NO_CHECKPOINT, count),
      (reading) => {
        this.reading = reading;
      },
    );
    this.anomalies = driveOperator(
      watchAnomalies(anomalyOptions.parse({}), NO_CHECKPOINT, count),
      (record) => {
        if (isIncident(record)) this.incidents.take(record);
      },
    );
    for (const layer of info.layers) this.layerOf(layer.name)?.declare(layer);
  }

  /** The next frame; its columns are read during the call only. False for a repeated one. */
  next(frame: Frame): boolean {
    const verdict = this.tracker.track(formatSubject('', frame), frame);
    if (verdict.repeated) return false;
    this.framesLost += verdict.missing - (verdict.recovered ? 1 : 0);
    if (frame.kind === 'spikes') this.addSpikes(frame);
    else if (frame.kind === 'membrane') this.addMembrane(frame);
    else if (frame.kind === 'power') this.addPower(frame);
    if (isWatched(frame)) this.anomalies.next(frame);
    return true;
  }

  private addSpikes(frame: SpikesFrame): void {
    const layer = this.layerOf(frame.layerName);
    if (layer === undefined) {
      this.outside += sampleCount(frame);
      return;
    }
    layer.addSpikes(frame);
    this.rates.next(frame);
  }

  private addMembrane(frame: MembraneFrame): void {
    const layer = this.layerOf(frame.layerName);
    if (layer === undefined || !layer.addMembrane(frame)) this.outside += frame.values.length;
    else this.membranes.next(frame);
  }

  private addPower(frame: PowerFrame): void {
    if (frame.rail !== 'total' || frame.component !== 'total') return;
    this.reading = undefined;
    this.power.next(frame);
    if (this.reading === undefined) return;
    const name = `${frame.deviceType}/${frame.chipId}`;
    let chip = this.chips.get(name);
    if (chip === undefined) {
      chip = new ChipPower();
      this.chips.set(name, chip);
    }
    chip.add(frame, this.reading);
  }

  /** The layer of this name, new or known; undefined where there are too many. */
  private layerOf(name: string): LayerAnalysis | undefined {
    const known = this.layers.get(name);
    if (known !== undefined || this.layers.size >= LAYERS_MAX) return known;
    const { startUs, durationUs: endUs } = this.info;
    const { syncCapacity, budget, ordered } = this;
    const isListed = this.options.listsWindows;
    const layer = new LayerAnalysis({ startUs, endUs, syncCapacity, budget, ordered, isListed });
    this.layers.set(name, layer);
    return layer;
  }

  private eventCount(event: OperatorEvent): number {
    return this.events.get(event) ?? 0;
  }

  /**
   * The result, when all frames were given; `notes` is what reading them met. Gives what there is
   * to say to a person as well.
   */
  finish(notes: RecordingNotes): { analysis: Analysis; remarks: string[] } {
    for (const driven of [this.rates, this.membranes, this.power, this.anomalies]) {
      driven.complete();
    }
    const layers = [...this.layers].map(([name, layer]) => [name, layer.result()] as const);
    const remarks = [...this.layers].flatMap(([name, layer]) => layer.remarks(name));
    remarks.push(...this.incidents.remarks());
    let outside = notes.samplesOutside + this.outside;
    for (const layer of this.layers.values()) outside += layer.outside;
    if (this.outside > 0) {
      remarks.push(
        `${this.outside} samples are left out: at most ${LAYERS_MAX} layers are told apart, and \
potentials of a layer have one unit.`,
      );
    }
    const { info } = this;
    const analysis = {
      recording: info.name,
      duration_us: info.durationUs - info.startUs,
      total_spikes: layers.reduce((sum, [, layer]) => sum + layer.spikes, 0),
      layers: Object.fromEntries(layers),
      power: this.powerResult(),
      incidents: this.incidents.result(),
      completeness: {
        // A frame that is damaged in the file leaves a gap in its numbers, where it has any.
        frames_lost: Math.max(0, this.framesLost, notes.framesLost ?? 0),
        samples_late: this.eventCount('samples_late'),
        samples_invalid: notes.samplesInvalid,
        samples_outside: outside,
        truncated: notes.truncated,
      },
    };
    return { analysis, remarks };
  }

  /** One value for each neuron of each layer with spikes; when all frames were given. */
  neurons(): Map<string, NeuronValues> {
    const found = new Map<string, NeuronValues>();
    for (const [name, layer] of this.layers) {
      const values = layer.neurons();
      if (values !== undefined) found.set(name, values);
    }
    return found;
  }

  private powerResult(): Record<string, PowerResult> {
    return Object.fromEntries([...this.chips].map(([name, chip]) => [name, chip.result()]));
  }
}
