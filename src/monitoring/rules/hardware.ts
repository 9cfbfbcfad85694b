import { type AlertRule, type RuleContext, SCRAPED, SCRAPED_2 } from '../rule.ts';

const CHIP = 'device_type="loihi2",chip_id="chip0"';
const LABELS = { device_type: 'loihi2', chip_id: 'chip0' };
const STATUS = `neuromorphic_chip_health_status{${CHIP},${SCRAPED}}`;
const STATUS_2 = `neuromorphic_chip_health_status{${CHIP},${SCRAPED_2}}`;
const LAG = `spikescope_event_lag_seconds{${CHIP},${SCRAPED}}`;
const UP = `up{${SCRAPED}}`;

const NAME = '{{ $labels.device_type }}/{{ $labels.chip_id }}';

/** What was there within a range and is no more, while Spikescope is scraped. */
function gone(metric: string, range: string): string {
  const was = `max by (device_type, chip_id) (max_over_time(${metric}[${range}]))`;
  const service = 'on () (max(up{job="spikescope"}) == 1)';
  return `(${was} unless on (device_type, chip_id) ${metric}) and ${service}`;
}

/** Chips, and those who speak for them. */
export function hardwareAlerts(context: RuleContext): AlertRule[] {
  return [disconnected(), forgotten(context), silent(context)];
}

/** By chip, as the gauges of a kind of device do not say which one, nor know the other kinds. */
function disconnected(): AlertRule {
  return {
    alert: 'HardwareDisconnected',
    // A chip moves between workers, and has the status that its owner gives it.
    expr: 'max by (job, device_type, chip_id) (neuromorphic_chip_health_status) == 0',
    forS: 60,
    severity: 'critical',
    team: 'hardware',
    summary: `Chip ${NAME} is disconnected`,
    description:
      `${NAME} says that it is down, answers no ping, or has sent nothing for a minute. What ` +
      'runs ' +
      'on it is not measured, and may not run.',
    dashboard: 'neuromorphic-hardware',
    runbook: {
      means:
        'Spikescope knows the chip and can not reach it (docs/operating.md, Chips). Results that ' +
        'were expected from it do not come.',
      look: [
        'The log line with `event_type` `hardware_error` of this chip has the reason.',
        '`nats req <prefix>.ping.<device_type>.<chip_id> ""`: does anybody answer?',
        'Other chips of the same board or host: a chip, or its host?',
        '`spikescope_health_check_age_seconds` and `spikescope_nats_connected`: is it the watcher?',
      ],
      mend: [
        'No answer: start the emitter on the chip’s host again; look at its power and cabling.',
        'It says `down` itself: the `message` of its `health` frame says why.',
        'It was taken away on purpose: silence the alert by `chip_id`; it ends when the chip is ' +
          'forgotten.',
      ],
    },
    fires: {
      input: [
        [STATUS, '1x3 0x40'],
        [STATUS_2, '1x2 stale _x40'],
      ],
      atS: 180,
      labels: { ...LABELS, job: 'spikescope' },
    },
    // Its worker was paused, and another one has it.
    quiet: {
      input: [
        [STATUS, '1x4 0x40'],
        [STATUS_2, '_x4 1x40'],
      ],
      atS: 180,
    },
  };
}

/** The status of a chip goes with it, and with the series the alert above. */
function forgotten({ t }: RuleContext): AlertRule {
  return {
    alert: 'ChipForgotten',
    expr: gone('neuromorphic_chip_health_status', t(3600)),
    forS: 60,
    severity: 'warning',
    team: 'hardware',
    summary: `Chip ${NAME} is gone`,
    description:
      `${NAME} was known within the last hour and is forgotten: it has sent nothing for 5 ` +
      'minutes ' +
      '(24 hours where it reported its health). HardwareDisconnected no longer tells of it.',
    dashboard: 'neuromorphic-hardware',
    runbook: {
      means:
        'A chip that never reported its health is known only while it sends. It does not any ' +
        'more. ' +
        'The alert ends by itself an hour after the chip was last known.',
      look: [
        'Was a run meant to end? Then this is what it looks like.',
        'Otherwise as for HardwareDisconnected: emitter, host, chip.',
      ],
      mend: [
        'Name chips that have to be there in `health.chips`: they are known for ever, and ' +
          'HardwareDisconnected stays until they are back.',
        'Let the emitter answer pings (`answerPings`): it is then known for 24 hours.',
      ],
    },
    fires: {
      input: [
        [STATUS, '1x10 0x3 _x40'],
        [UP, '1x60'],
      ],
      atS: 600,
      labels: LABELS,
    },
    // Another worker has it now.
    quiet: {
      input: [
        [STATUS, '1x20 stale _x40'],
        [STATUS_2, '_x22 1x40'],
        [UP, '1x60'],
      ],
      atS: 600,
    },
  };
}

/** A host may answer pings while what sends frames on it has died. */
function silent({ t }: RuleContext): AlertRule {
  return {
    alert: 'EmitterSilent',
    expr: gone('spikescope_event_lag_seconds', t(3600)),
    forS: 60,
    severity: 'warning',
    team: 'hardware',
    summary: `No frames from ${NAME}`,
    description:
      `${NAME} sent frames within the last hour and has sent none for 5 minutes. Its gauges are ` +
      'gone, its rates are unknown, not 0.',
    dashboard: 'neuromorphic-hardware',
    runbook: {
      means:
        'What reads the chip and publishes its frames is dead, stuck or cut off, whether or not ' +
        'the chip answers pings.',
      look: [
        'Is `HardwareDisconnected` or `ChipForgotten` there for the same chip? Then look there ' +
          'first.',
        '`nats sub "<prefix>.*.<device_type>.<chip_id>"` on the server: does anything arrive?',
        '`spikescope_frames_invalid_total`: frames may arrive and be refused.',
      ],
      mend: [
        'Start the emitter again. Emitters of this project reconnect by themselves; others may ' +
          'not.',
        'Frames on another subject or prefix: correct `device_type`, `chip_id` or `prefix`.',
      ],
    },
    fires: {
      input: [
        [LAG, '0.1x10 _x50'],
        [UP, '1x60'],
      ],
      atS: 600,
      labels: LABELS,
    },
    quiet: {
      input: [
        [LAG, '0.1x10 _x50'],
        [UP, '1x10 0x50'],
      ],
      atS: 600,
    },
  };
}
