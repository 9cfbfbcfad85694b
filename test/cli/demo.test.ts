import { expect, it } from 'vitest';
import { startService } from '../integration/service-process.ts';

it('demo has the metrics of both recordings, with nothing else installed', async () => {
  const demo = await startService(['demo', '--http', '127.0.0.1:0']);
  try {
    const layers = ['L1', 'L2', 'L3'];
    const metrics = await demo.until('all metrics are there', (seen) => {
      const isThere = (metric: string) => seen.sum(metric) > 0;
      const ofChip = ['neuromorphic_power_watts', 'neuromorphic_energy_joules_total'];
      return (
        layers.every((layer) => seen.sum('spike_rate_hz_count', `layer_name="${layer}"`) > 0) &&
        [...ofChip, 'membrane_potential_count', 'loihi2_core_utilization_percent'].every(isThere)
      );
    });
    for (const layer of layers) {
      expect(metrics.sum('spike_rate_hz_bucket', `layer_name="${layer}"`), layer).toBeGreaterThan(
        0,
      );
      expect(metrics.sum('neural_spikes_total', `layer="${layer}"`), layer).toBeGreaterThan(0);
    }
    expect(metrics.sum('membrane_potential_bucket', 'le="+Inf"')).toBeGreaterThan(0);
    const chip = '{device_type="loihi2",chip_id="0"}';
    expect(metrics.value(`neuromorphic_power_watts${chip}`)).toBeGreaterThan(0.001);
    expect(metrics.value(`neuromorphic_power_watts${chip}`)).toBeLessThan(1);
    expect(metrics.value(`neuromorphic_energy_joules_total${chip}`)).toBeGreaterThan(0);
    const cores = metrics.text.match(
      /^loihi2_core_utilization_percent\{chip_id="0",core_id="\d+"\}/gm,
    );
    expect(cores?.length).toBeGreaterThan(3);
    expect(metrics.sum('spikescope_frames_invalid_total')).toBe(0);
    expect(metrics.sum('spikescope_frames_missing_total')).toBe(0);
    expect(await (await fetch(`${demo.url}/api/overview`)).text()).toContain('nest-layered');
  } finally {
    expect(await demo.stop()).toBe(0);
  }
});
