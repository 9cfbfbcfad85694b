import {
  type AlertRule,
  grewAnywhere,
  JOB_LABELS,
  movedOver,
  type RuleContext,
  SCRAPED,
  SCRAPED_2,
  SCRAPED_LABELS,
} from '../rule.ts';

const CHIP = 'device_type="loihi2",chip_id="chip0"';
const LAG = `spikescope_event_lag_seconds{${CHIP},${SCRAPED}}`;
const LAGS = 'max by (job, device_type, chip_id) (spikescope_event_lag_seconds)';
const NAME = '{{ $labels.device_type }}/{{ $labels.chip_id }}';

/** What comes in, and what does not. */
export function frameAlerts(context: RuleContext): AlertRule[] {
  return [missing(context), invalid(context), lagging(context), catchingUp()];
}

function missing({ settings }: RuleContext): AlertRule {
  const { frames_missing_ratio: ratio } = settings.thresholds;
  const series = (name: string, labels = '') => `spikescope_frames_${name}{${labels}${SCRAPED}}`;
  return {
    alert: 'FramesMissing',
    expr: `instance:spikescope_frames_missing:ratio10m > ${ratio}`,
    forS: 60,
    severity: 'warning',
    team: 'platform',
    summary: 'Frames are lost on the way to {{ $labels.instance }}',
    description:
      '{{ $value | humanizePercentage }} of the frames of the last 10 minutes never came, by the ' +
      'gaps in their numbers. Totals and energy are too low by as much; windows with gaps give ' +
      'no rates.',
    dashboard: 'spikescope',
    runbook: {
      means:
        'Emitters number their frames, and numbers are missing that did not come later ' +
        '(`spikescope_frames_recovered_total` is taken off).',
      look: [
        '`spikescope_dropped_total{sink="nats"}`: Spikescope itself could not keep up.',
        'Slow consumers and `max_pending` in the log of nats-server.',
        'The drop counters of the emitters: they drop when NATS is away for longer than they ' +
          'buffer.',
      ],
      mend: [
        'Use JetStream: then what NATS has taken is not lost.',
        'Raise `nats.buffer_bytes`, send larger and fewer frames, or give the service a core of ' +
          'its own.',
      ],
    },
    fires: {
      input: [
        [series('total', 'kind="spikes",'), '0+100x60'],
        [series('missing_total'), '0+1x60'],
        [series('recovered_total'), '0x60'],
      ],
      atS: 780,
      labels: SCRAPED_LABELS,
      value: '0.9901%',
    },
    quiet: {
      input: [
        [series('total', 'kind="spikes",'), '0+100x60'],
        [series('missing_total'), '0+1x60'],
        [series('recovered_total'), '0+1x60'],
      ],
      atS: 780,
    },
  };
}

function invalid({ t }: RuleContext): AlertRule {
  const of = (scraped: string) =>
    `spikescope_frames_invalid_total{reason="dt_outside_span",${scraped}}`;
  return {
    alert: 'FramesInvalid',
    expr: grewAnywhere('spikescope_frames_invalid_total', t, 300),
    forS: 30,
    severity: 'warning',
    team: 'platform',
    summary: 'Messages are no valid frames: {{ $labels.reason }}',
    description:
      'In the last 5 minutes messages were refused as {{ $labels.reason }}. They are on the dead ' +
      'subject of that name, with headers that say what was wrong.',
    dashboard: 'spikescope',
    runbook: {
      means: 'Somebody publishes what is not in the wire format. It counts nowhere.',
      look: [
        '`nats sub "<prefix>.dead.<reason>"`: the headers name subject, field and value.',
        'docs/wire.md has each reason, and what to do about it.',
      ],
      mend: [
        'Correct the emitter. Versions that do not fit: update the older of the two.',
        'Messages that were never meant as frames: give them another subject.',
      ],
    },
    fires: {
      // One more while the partition changed hands: neither instance's series grows.
      input: [
        [of(`partition="3",${SCRAPED}`), '7x20 stale _x40'],
        [of(`partition="3",${SCRAPED_2}`), '_x22 8x40'],
      ],
      atS: 450,
      labels: { reason: 'dt_outside_span', ...JOB_LABELS },
    },
    quiet: { input: movedOver(of, 7), atS: 450 },
  };
}

function lagging({ settings }: RuleContext): AlertRule {
  const { event_lag_seconds: lag, recording_lag_seconds: recording } = settings.thresholds;
  return {
    alert: 'EventLagHigh',
    // A recording that is played has old times, and is no lag.
    expr: `${LAGS} > ${lag} and ${LAGS} < ${recording}`,
    forS: 300,
    severity: 'warning',
    team: 'platform',
    summary: `Frames of ${NAME} come late`,
    description:
      `The last frame of ${NAME} arrived {{ $value | humanizeDuration }} after its end; more ` +
      'than ' +
      `${lag} s is too long. Metrics tell of that time, not of now.`,
    dashboard: 'spikescope',
    runbook: {
      means:
        'The way from the chip to Spikescope is backed up, or the clock of its host is behind.',
      look: [
        'One chip or all? All: NATS or Spikescope; one: its emitter or its clock.',
        '`spikescope_queue_bytes{queue="nats"}`: what waits before the pipelines.',
        'The same lag all the time is a clock; one that grows is a queue.',
      ],
      mend: [
        'Set the clock of the host (NTP).',
        'A recording on purpose? Times older than `recording_lag_seconds` are left alone.',
        'A queue that grows: see QueueFull.',
      ],
    },
    fires: {
      input: [[LAG, '90x60']],
      atS: 600,
      labels: { device_type: 'loihi2', chip_id: 'chip0', ...JOB_LABELS },
      value: '1m 30s',
    },
    quiet: { input: [[LAG, '1000000000x60']], atS: 600 },
  };
}

function catchingUp(): AlertRule {
  const series = `spikescope_catching_up{${SCRAPED}}`;
  return {
    alert: 'CatchingUpLong',
    expr: 'spikescope_catching_up == 1',
    forS: 900,
    severity: 'warning',
    team: 'platform',
    summary: '{{ $labels.instance }} is still catching up',
    description:
      'Since its start, 15 minutes and more ago, {{ $labels.instance }} processes again what the ' +
      'stream had. Until it is done, /metrics has its own gauges alone.',
    dashboard: 'spikescope',
    runbook: {
      means: 'After a restart counters continue only when the stream is processed up to the start.',
      look: [
        '`spikescope_event_lag_seconds`: does it fall? Then it is a matter of time.',
        'The age of the checkpoint at the start, in the log: an old one means a long way.',
      ],
      mend: [
        'Wait while the lag falls.',
        'Where it does not: more comes in than one process can take; see docs/benchmarks.md.',
      ],
    },
    fires: { input: [[series, '1x90']], atS: 1200, labels: SCRAPED_LABELS },
    quiet: { input: [[series, '1x20 0x70']], atS: 1200 },
  };
}
