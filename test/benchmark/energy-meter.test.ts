import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { EnergyMeter } from '../../src/benchmark/energy-meter.ts';

const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});

/** A tree like that of the kernel: counters in µJ by zone. */
function powercap(zones: Record<string, readonly [name: string, uj: number | string]>) {
  const root = mkdtempSync(join(tmpdir(), 'spikescope-rapl-'));
  folders.push(root);
  const set = (zone: string, uj: number | string) => {
    writeFileSync(join(root, zone, 'energy_uj'), `${uj}\n`);
  };
  for (const [zone, [name, uj]] of Object.entries(zones)) {
    mkdirSync(join(root, zone));
    writeFileSync(join(root, zone, 'name'), `${name}\n`);
    writeFileSync(join(root, zone, 'max_energy_range_uj'), '1000000\n');
    set(zone, uj);
  }
  return { root, set };
}

function opened(root: string): EnergyMeter {
  const meter = EnergyMeter.open(root);
  if (meter instanceof EnergyMeter) return meter;
  throw new Error(meter.why);
}

it('adds packages and their memory, and nothing twice', () => {
  const { root, set } = powercap({
    'intel-rapl': ['intel-rapl', 0],
    'intel-rapl:0': ['package-0', 100],
    'intel-rapl:0:0': ['core', 0],
    'intel-rapl:0:1': ['dram', 0],
    'intel-rapl:1': ['package-1', 0],
    'intel-rapl:2': ['psys', 0],
    'intel-rapl-mmio:0': ['package-0', 0],
  });
  const meter = opened(root);
  for (const zone of ['intel-rapl:0', 'intel-rapl:0:0', 'intel-rapl:2', 'intel-rapl-mmio:0']) {
    set(zone, 500_100);
  }
  set('intel-rapl:0:1', 30_000);
  set('intel-rapl:1', 7);
  expect(meter.lap()).toBeCloseTo(0.530007, 9);
  expect(meter.lap()).toBe(0);
});

it('makes up for a counter that starts again', () => {
  const { root, set } = powercap({ 'intel-rapl:0': ['package-0', 900_000] });
  const meter = opened(root);
  set('intel-rapl:0', 100_000);
  expect(meter.lap()).toBeCloseTo(0.2, 9);
  set('intel-rapl:0', 150_000);
  expect(meter.lap()).toBeCloseTo(0.05, 9);
});

it('says why there is none', () => {
  const why = (root: string) => {
    const meter = EnergyMeter.open(root);
    return meter instanceof EnergyMeter ? 'there is one' : meter.why;
  };
  expect(why('/nowhere/powercap')).toBe('the machine has no RAPL');
  expect(why(powercap({}).root)).toContain('has no RAPL package');
  expect(why(powercap({ 'intel-rapl:0': ['psys', 1] }).root)).toContain('has no RAPL package');
  const odd = powercap({ 'intel-rapl:0': ['package-0', 'many'] });
  expect(why(odd.root)).toContain('holds "many", which is no counter');
});
