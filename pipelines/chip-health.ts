import { z } from 'zod';
import type { WriteLog } from '../src/component/log-event.ts';
import type { MetricDefiner } from '../src/component/metric.ts';
import { definePipeline } from '../src/component/pipeline.ts';
import { joinChipHealth } from '../src/operators/join-chip-health.ts';
import { type ChipHealthRecord, trackChipHealth } from '../src/operators/track-chip-health.ts';

interface Options {
  readonly chips_max: number;
}

export default definePipeline({
  name: 'chip-health',
  summary: 'Which chips are connected, by their own word and by what the monitor finds.',
  reads: 'health',
  options: z.strictObject({
    chips_max: z
      .int()
      .min(1)
      .max(1_000_000)
      .default(4096)
      .describe('Chips whose health is remembered; see health.chips_max.'),
  }),
  through: ({ options, state, count }) =>
    trackChipHealth({ chipsMax: options.chips_max }, state('chips'), count),
  metrics: defineMetrics,
  derived: ({ deviceType, chipId, t0Us, event, connected, status, reason, temperatureC }) =>
    event === 'reading'
      ? undefined
      : {
          record: 'chip-health',
          key: [deviceType, chipId],
          t0Us,
          spanUs: 0,
          fields: {
            device_type: deviceType,
            chip_id: chipId,
            event,
            connected,
            status,
            reason,
            temperature_c: temperatureC,
          },
        },
  log: { levelMax: 'ERROR', write: writeLog },
  join: {
    records: ['chip-health'],
    replaces: false,
    through: ({ state, count }) => joinChipHealth({ chipsMax: JOINED_MAX }, state('kinds'), count),
    metrics: (define) => {
      const kinds = defineKinds(define, false);
      return ({ deviceType, connected }) => showKind(kinds, deviceType, connected);
    },
  },
});

/** Chips of several workers whose health is known. */
const JOINED_MAX = 1_000_000;

/** Whether all chips of a kind are connected: for one part of the chips that says nothing. */
function defineKinds(define: MetricDefiner, joinsChips: boolean) {
  const ofKind = (deviceType: string, what: string) =>
    define.gauge({
      name: `${deviceType}_health_status`,
      help: `1 when every known ${what} chip is connected, else 0; absent when none is known.`,
      labels: [],
      expires: 'never',
      joinsChips,
    });
  return new Map([
    ['loihi2', ofKind('loihi2', 'Loihi 2')],
    ['spinnaker', ofKind('spinnaker', 'SpiNNaker')],
  ]);
}

function showKind(
  kinds: ReturnType<typeof defineKinds>,
  deviceType: string,
  connected: boolean | undefined,
): void {
  const kind = kinds.get(deviceType);
  if (connected === undefined) kind?.series().remove();
  else kind?.series().set(Number(connected));
}

function defineMetrics(
  define: MetricDefiner,
  { chips_max }: Options,
): (record: ChipHealthRecord) => void {
  const status = define.gauge({
    name: 'neuromorphic_chip_health_status',
    help: '1 when the chip is connected, else 0; goes when it is forgotten.',
    labels: ['device_type', 'chip_id'],
    expires: 'never',
    seriesMax: chips_max,
  });
  const temperature = define.gauge({
    name: 'neuromorphic_chip_temperature_celsius',
    help: 'Temperature of a chip, as it says itself.',
    labels: ['device_type', 'chip_id'],
    expires: 'chip',
    seriesMax: chips_max,
  });
  const kinds = defineKinds(define, true);
  return ({ deviceType, chipId, event, connected, temperatureC, kindConnected }) => {
    showKind(kinds, deviceType, kindConnected);
    if (event === 'forgotten') {
      status.series(deviceType, chipId).remove();
      temperature.series(deviceType, chipId).remove();
      return;
    }
    status.series(deviceType, chipId).set(Number(connected));
    if (temperatureC !== undefined) temperature.series(deviceType, chipId).set(temperatureC);
  };
}

function writeLog(record: ChipHealthRecord, log: WriteLog): void {
  const { deviceType, chipId, t0Us, event, connected, status, reason, isAbsent } = record;
  if (event === 'reading') return;
  const chip = `${deviceType}/${chipId}`;
  const line = { logger: 'spikeformer.neuromorphic', timeUs: t0Us };
  const fields = { hardware_type: deviceType, chip_id: chipId, status, reason };
  // A configured chip that nobody has seen yet has its time before it is an error.
  if (event === 'disconnected' || (event === 'first_seen' && !connected && !isAbsent)) {
    const message = `${chip} is disconnected: ${reason}`;
    const more = { ...fields, error_message: reason, requires_attention: true };
    log({ ...line, level: 'ERROR', eventType: 'hardware_error', message, fields: more });
  } else {
    const isOdd = event === 'first_seen' || event === 'status';
    const level = isOdd && status !== 'ok' ? 'WARNING' : 'INFO';
    const words = `${chip} ${WORDS[event]}`;
    const message = reason === '' || words.endsWith(reason) ? words : `${words}: ${reason}`;
    log({ ...line, level, eventType: `hardware_${event}`, message, fields });
  }
}

const WORDS = {
  first_seen: 'is known',
  connected: 'is connected again',
  status: 'is connected',
  forgotten: 'is forgotten',
} as const;
