import { describe, expect, it } from 'vitest';
import { MetricStore } from '../../../src/sinks/prometheus/metric-store.ts';
import { OpenMetricsLog } from '../../../src/sinks/prometheus/openmetrics.ts';

function filled(): { store: MetricStore; log: OpenMetricsLog } {
  const store = new MetricStore();
  return { store, log: new OpenMetricsLog(store) };
}

describe('OpenMetricsLog', () => {
  it('writes each metric together, its samples by time, and the end', () => {
    const { store, log } = filled();
    const spec = { help: 'How "many".', labels: ['layer'], expires: 'never' } as const;
    const spikes = store.counter({ ...spec, name: 'spikes_total' });
    const watts = store.gauge({ ...spec, name: 'watts' });
    spikes.series('a').add(3);
    log.sample(1_000_000);
    spikes.series('a').add(4);
    spikes.series('b"').add(1);
    watts.series('a').set(-0.5);
    log.sample(1_500_000);
    expect([...log.text()].join('')).toBe(
      [
        '# TYPE spikes counter',
        '# HELP spikes How \\"many\\".',
        'spikes_total{layer="a"} 3 1',
        'spikes_total{layer="a"} 7 1.500000',
        'spikes_total{layer="b\\""} 1 1.500000',
        '# TYPE watts gauge',
        '# HELP watts How \\"many\\".',
        'watts{layer="a"} -0.5 1.500000',
        '# EOF',
        '',
      ].join('\n'),
    );
  });

  it('writes bounds as the format wants them, with sum and count', () => {
    const { store, log } = filled();
    const spec = { name: 'h', help: 'H.', labels: [], expires: 'never' } as const;
    const histogram = store.histogram({ ...spec, le: [0.5, 1, 100_000, 1e6] });
    histogram.series().add([1, 2, 0, 0, 1], 9.5);
    log.sample(1_700_000_000_000_007);
    const time = '1700000000.000007';
    expect([...log.text()].join('')).toBe(
      [
        '# TYPE h histogram',
        '# HELP h H.',
        `h_bucket{le="0.5"} 1 ${time}`,
        `h_bucket{le="1.0"} 3 ${time}`,
        `h_bucket{le="100000.0"} 3 ${time}`,
        `h_bucket{le="1e+06"} 3 ${time}`,
        `h_bucket{le="+Inf"} 4 ${time}`,
        `h_sum 9.5 ${time}`,
        `h_count 4 ${time}`,
        '# EOF',
        '',
      ].join('\n'),
    );
  });

  it('gives no sum and no count where bounds lie below 0', () => {
    const { store, log } = filled();
    const spec = { name: 'mv', help: 'V.', labels: [], expires: 'never' } as const;
    store
      .histogram({ ...spec, le: [-70, 0] })
      .series()
      .add([1, 0, 0], -80);
    log.sample(0);
    const samples = [...log.text()].join('').split('\n').slice(2, -2);
    expect(samples).toEqual([
      'mv_bucket{le="-70.0"} 1 0',
      'mv_bucket{le="0.0"} 1 0',
      'mv_bucket{le="+Inf"} 1 0',
    ]);
  });

  it('refuses more than it can hold, and says what to do', () => {
    const { store, log } = filled();
    const spec = { name: 'h', help: 'H.', labels: ['n'], expires: 'never' } as const;
    const le = Array.from({ length: 998 }, (_, i) => i);
    const family = store.histogram({ ...spec, le });
    for (let i = 0; i < 1000; i++) family.series(String(i)).add(new Array(999).fill(0), 0);
    for (let at = 0; at < 3; at++) log.sample(at);
    expect(() => log.sample(3)).toThrow('longer window');
  });

  it('is only the end for an empty store', () => {
    expect([...filled().log.text()].join('')).toBe('# EOF\n');
  });
});
