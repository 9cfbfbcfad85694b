import type { AlertRule, RuleContext } from '../rule.ts';

const NODE = 'job="node",instance="node-exporter:9100"';
const AVAILABLE = `node_memory_MemAvailable_bytes{${NODE}}`;
const TOTAL = `node_memory_MemTotal_bytes{${NODE}}`;

/** The machines that it runs on. */
export function machineAlerts({ settings }: RuleContext): AlertRule[] {
  const { node_memory_ratio: ratio } = settings.thresholds;
  return [
    {
      alert: 'HighMemoryUsage',
      expr: `1 - node_memory_MemAvailable_bytes / node_memory_MemTotal_bytes > ${ratio}`,
      forS: 300,
      severity: 'warning',
      team: 'platform',
      summary: 'The memory of {{ $labels.instance }} is nearly full',
      description:
        '{{ $value | humanizePercentage }} of the memory of {{ $labels.instance }} is in use; ' +
        'more ' +
        'than that and processes are killed.',
      dashboard: 'spikescope',
      runbook: {
        means:
          'What Linux could still give is little. It kills the largest process when there is none.',
        look: [
          '`ps -e -o rss,comm --sort=-rss | head`: which process?',
          'Of Spikescope: queues that wait for a service that is away are bounded, see ' +
            'docs/configuration.md.',
        ],
        mend: [
          'Stop or bound what grows; give the machine memory; lower the queues of Spikescope.',
        ],
      },
      fires: {
        input: [
          [AVAILABLE, '5x60'],
          [TOTAL, '100x60'],
        ],
        atS: 600,
        labels: { job: 'node', instance: 'node-exporter:9100' },
        value: '95%',
      },
      quiet: {
        input: [
          [AVAILABLE, '20x60'],
          [TOTAL, '100x60'],
        ],
        atS: 600,
      },
    },
  ];
}
