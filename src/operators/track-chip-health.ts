import type { OperatorFunction } from 'rxjs';
import type { CountEvent } from '../component/operator-event.ts';
import type { Snapshot, StateSlot } from '../component/state.ts';
import { OWN_EMITTER } from '../frames/header.ts';
import type { HealthFrame, HealthStatus } from '../frames/health.ts';
import { type Stateful, stateful } from './stateful.ts';

/**
 * What became of a chip. `status`: it is connected as before, and says another status of itself.
 * `reading`: nothing changed, there is a temperature.
 */
export type ChipHealthEvent =
  | 'first_seen'
  | 'connected'
  | 'disconnected'
  | 'status'
  | 'forgotten'
  | 'reading';

export interface ChipHealthRecord {
  readonly deviceType: string;
  readonly chipId: string;
  /** Of the frame that changed it. */
  readonly t0Us: number;
  readonly event: ChipHealthEvent;
  readonly connected: boolean;
  /** The chip's own word while it is connected, else `down`. */
  readonly status: HealthStatus;
  /** For people: why. */
  readonly reason: string;
  /** The monitor said last that it is not there. */
  readonly isAbsent: boolean;
  readonly temperatureC: number | undefined;
  /** Whether every known chip of its kind is connected; undefined where none is known any more. */
  readonly kindConnected: boolean | undefined;
}

interface ChipState {
  /** The last word of the chip itself. */
  own: HealthStatus | null;
  ownText: string | null;
  /** Why the monitor says that it is not there; null where it does not say so. */
  absence: string | null;
}

interface Kind {
  known: number;
  connected: number;
}

/**
 * Which chips are connected: those whose own last word is not `down`, and of which the monitor
 * (src/sources/chip-monitor.ts), as emitter `spikescope`, did not say last that they are gone.
 */
export function trackChipHealth(
  options: { readonly chipsMax: number },
  slot: StateSlot,
  count: CountEvent,
): OperatorFunction<HealthFrame, ChipHealthRecord> {
  return stateful(slot, (emit) => new ChipHealthTracker(options.chipsMax, count, emit));
}

class ChipHealthTracker implements Stateful<HealthFrame> {
  private readonly chipsMax: number;
  private readonly count: CountEvent;
  private readonly emit: (record: ChipHealthRecord) => void;
  /** By `<device_type>/<chip_id>`. */
  private readonly chips = new Map<string, ChipState>();
  private readonly kinds = new Map<string, Kind>();

  constructor(chipsMax: number, count: CountEvent, emit: (record: ChipHealthRecord) => void) {
    this.chipsMax = chipsMax;
    this.count = count;
    this.emit = emit;
  }

  next(frame: HealthFrame): void {
    const { deviceType, chipId } = frame;
    const name = `${deviceType}/${chipId}`;
    const chip = this.chips.get(name);
    const isForgotten = frame.emitter === OWN_EMITTER && frame.forgotten === true;
    if (isForgotten) {
      if (chip !== undefined) this.forget(name, chip, frame);
    } else if (chip !== undefined) {
      this.change(chip, frame);
    } else if (this.chips.size < this.chipsMax) {
      this.add(name, frame);
    } else {
      this.count('chips_refused', 1);
    }
  }

  private add(name: string, frame: HealthFrame): void {
    const chip: ChipState = { own: null, ownText: null, absence: null };
    this.chips.set(name, chip);
    take(chip, frame);
    const kind = this.kindOf(frame.deviceType);
    kind.known++;
    if (isConnected(chip)) kind.connected++;
    this.say(chip, frame, 'first_seen');
  }

  private change(chip: ChipState, frame: HealthFrame): void {
    const before = { ...chip };
    take(chip, frame);
    const event = eventOf(before, chip);
    const kind = this.kindOf(frame.deviceType);
    kind.connected += Number(isConnected(chip)) - Number(isConnected(before));
    if (event !== undefined) this.say(chip, frame, event);
    else if (frame.temperatureC !== undefined) this.say(chip, frame, 'reading');
  }

  private forget(name: string, chip: ChipState, frame: HealthFrame): void {
    this.chips.delete(name);
    const kind = this.kindOf(frame.deviceType);
    kind.known--;
    if (isConnected(chip)) kind.connected--;
    chip.absence = frame.text ?? 'forgotten';
    this.say(chip, frame, 'forgotten');
    if (kind.known === 0) this.kinds.delete(frame.deviceType);
  }

  private kindOf(deviceType: string): Kind {
    const known = this.kinds.get(deviceType);
    if (known !== undefined) return known;
    const kind = { known: 0, connected: 0 };
    this.kinds.set(deviceType, kind);
    return kind;
  }

  private say(chip: ChipState, frame: HealthFrame, event: ChipHealthEvent): void {
    const { deviceType, chipId, t0Us, temperatureC } = frame;
    const { known, connected } = this.kindOf(deviceType);
    this.emit({
      deviceType,
      chipId,
      t0Us,
      event,
      connected: isConnected(chip),
      status: isConnected(chip) ? (chip.own ?? 'ok') : 'down',
      reason: reasonOf(chip, frame),
      isAbsent: chip.absence !== null,
      temperatureC,
      kindConnected: known === 0 ? undefined : connected === known,
    });
  }

  snapshot(): Snapshot {
    return [...this.chips].map(([name, { own, ownText, absence }]) => [
      name,
      own,
      ownText,
      absence,
    ]);
  }

  restore(snapshot: Snapshot): void {
    this.chips.clear();
    this.kinds.clear();
    for (const entry of snapshot as readonly (readonly Snapshot[])[]) {
      const [name, own, ownText, absence] = entry as unknown as KeptChip;
      const chip = { own, ownText, absence };
      this.chips.set(name, chip);
      const kind = this.kindOf(name.slice(0, name.indexOf('/')));
      kind.known++;
      if (isConnected(chip)) kind.connected++;
    }
  }
}

type KeptChip = readonly [string, HealthStatus | null, string | null, string | null];

/** The monitor says whether a chip is there; the chip, how it is. */
function take(chip: ChipState, frame: HealthFrame): void {
  if (frame.emitter === OWN_EMITTER) {
    chip.absence = frame.status === 'down' ? (frame.text ?? 'not there') : null;
  } else {
    chip.own = frame.status;
    chip.ownText = frame.text ?? null;
  }
}

function isConnected(chip: ChipState): boolean {
  return chip.absence === null && chip.own !== 'down';
}

/** Undefined where nothing changed that anybody needs to hear of. */
function eventOf(before: ChipState, now: ChipState): ChipHealthEvent | undefined {
  if (isConnected(now)) {
    if (!isConnected(before)) return 'connected';
    return (now.own ?? 'ok') === (before.own ?? 'ok') ? undefined : 'status';
  }
  if (isConnected(before)) return 'disconnected';
  // A configured chip that was not seen yet has had its time.
  const isOther = now.absence !== null && now.absence !== before.absence;
  return isOther && before.absence !== null ? 'disconnected' : undefined;
}

function reasonOf({ own, ownText, absence }: ChipState, frame: HealthFrame): string {
  if (absence !== null) return absence;
  if (own === 'down') return ownText === null ? 'says that it is down' : `says down: ${ownText}`;
  // What is wrong with a chip that is back tells more than that it is back.
  const isOdd = own !== null && own !== 'ok' && ownText !== null;
  return (frame.emitter === OWN_EMITTER && !isOdd ? frame.text : ownText) ?? '';
}
