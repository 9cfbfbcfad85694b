import type { DeadMessage } from '../../src/component/message.ts';
import type { Frame } from '../../src/frames/frame.ts';
import type { FrameKind } from '../../src/frames/header.ts';
import { FRAME_LIMITS } from '../../src/frames/limits.ts';
import { ChipMonitor, type ChipMonitorOptions } from '../../src/sources/chip-monitor.ts';
import type { ChipPings, PingResult } from '../../src/sources/chip-pings.ts';
import { Ingest } from '../../src/topology/ingest.ts';
import { StateRegistry } from '../../src/topology/state-registry.ts';
import { ManualTimers } from '../component/manual-timers.ts';

const MINUTE_MS = 60_000;

const RULES: ChipMonitorOptions = {
  chips: [],
  chipsMax: 4096,
  checkMs: 30_000,
  retryMs: MINUTE_MS,
  silenceMs: MINUTE_MS,
  forgetMs: 5 * MINUTE_MS,
  forgetReportingMs: 24 * 60 * MINUTE_MS,
};

type Health = 'ok' | 'degraded' | 'down';

/** What a chip does when it is asked: answers, is not there, or says nothing in 5 s. */
export type Responder = Health | 'nobody' | 'silent' | 'garbage' | 'undecided';

/** Chips that answer as the test says, with the time and name of each ping. */
class TestPings implements ChipPings {
  canAsk = true;
  readonly responders = new Map<string, Responder>();
  readonly asked: string[] = [];
  underWay = 0;
  underWayMost = 0;
  private readonly timers: ManualTimers;

  constructor(timers: ManualTimers) {
    this.timers = timers;
  }

  ask(deviceType: string, chipId: string): Promise<PingResult> {
    const name = `${deviceType}/${chipId}`;
    this.asked.push(`${name} ${this.timers.nowMs() / 1000}`);
    this.underWay++;
    this.underWayMost = Math.max(this.underWay, this.underWayMost);
    const responder = this.responders.get(name) ?? 'nobody';
    const waitMs = responder === 'silent' ? 5000 : 1;
    return new Promise((resolve) => {
      this.timers.after(waitMs, () => {
        this.underWay--;
        resolve(resultOf(responder, deviceType, chipId));
      });
    });
  }

  close(): void {}
}

function resultOf(responder: Responder, deviceType: string, chipId: string): PingResult {
  if (responder === 'nobody') return { outcome: 'no_responders' };
  if (responder === 'silent') return { outcome: 'timed_out' };
  if (responder === 'undecided') return { outcome: 'undecided' };
  const health = { v: 1, kind: 'health', device_type: deviceType, chip_id: chipId, t0: 0 };
  const body =
    responder === 'garbage' ? { hello: 1 } : { ...health, span_us: 0, status: responder };
  return { outcome: 'answer', message: messageOf('health', deviceType, chipId, body) };
}

function messageOf(kind: FrameKind, deviceType: string, chipId: string, body: object) {
  return {
    subject: `spikeformer.${kind}.${deviceType}.${chipId}`,
    data: Buffer.from(JSON.stringify(body)),
    contentType: undefined,
    arrivedUs: 5,
    sequence: undefined,
  };
}

const SPIKES = {
  ...{ v: 1, kind: 'spikes', t0: 0, span_us: 10, layer_name: 'l', neuron_count: 1 },
  ...{ neuron_id: [], dt: [] },
};

/** A monitor at the real door, its clock and its chips in the hands of the test. */
export function monitoredChips(options: Partial<ChipMonitorOptions> = {}, asks = true) {
  const timers = new ManualTimers();
  const pings = new TestPings(timers);
  /** `<seconds> <chip> <status> <message>` of each frame that the monitor put in. */
  const told: string[] = [];
  const outcomes: string[] = [];
  const dead: DeadMessage[] = [];
  const failures: unknown[] = [];
  let refused = 0;
  let next = (frame: Frame): void => {
    if (frame.emitter !== 'spikescope' || frame.kind !== 'health') return;
    const { deviceType, chipId, status, text, forgotten } = frame;
    const word = forgotten ? 'forgotten' : status;
    told.push(`${Math.round(timers.nowMs() / 1000)} ${deviceType}/${chipId} ${word} ${text}`);
  };
  const monitor = new ChipMonitor({
    options: { ...RULES, ...options },
    pings: asks ? pings : undefined,
    timers,
    nowUs: () => timers.nowMs() * 1000,
    checked: (outcome) => outcomes.push(outcome),
    refused: () => refused++,
    failed: (error) => failures.push(error),
  });
  const inlet = new Ingest({
    prefix: 'spikeformer',
    limits: FRAME_LIMITS,
    states: new StateRegistry(),
    watches: [monitor],
    next: (frame) => next(frame),
    dead: (message) => dead.push(message),
    counts: {
      ...{ received: () => {}, invalid: () => {}, missing: () => {}, repeated: () => {} },
      ...{ recovered: () => {}, heard: () => {} },
    },
  });
  monitor.start(inlet);
  return {
    ...{ monitor, pings, timers, told, outcomes, dead, failures },
    refused: () => refused,
    /** Whatever comes out of the door meets this instead. */
    replaceNext: (instead: (frame: Frame) => void) => {
      const before = next;
      next = instead;
      return () => {
        next = before;
      };
    },
    spikes: (chip: string, more: object = {}) => {
      const [device_type = '', chip_id = ''] = chip.split('/');
      inlet.message(
        messageOf('spikes', device_type, chip_id, { ...SPIKES, device_type, chip_id, ...more }),
      );
    },
    frame: (kind: FrameKind, chip: string, more: object) => {
      const [device_type = '', chip_id = ''] = chip.split('/');
      const body = { v: 1, kind, device_type, chip_id, t0: 0, span_us: 0, ...more };
      inlet.message(messageOf(kind, device_type, chip_id, body));
    },
  };
}
