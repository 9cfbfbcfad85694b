import { chmodSync } from 'node:fs';
import { freemem, totalmem } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { CpuPercent } from '../../src/health/cpu-percent.ts';
import { diskPercent } from '../../src/health/disk-percent.ts';
import { gpuCount } from '../../src/health/gpu-count.ts';
import { memoryPercent } from '../../src/health/memory-percent.ts';
import { until } from '../integration/until.ts';
import { machineWith } from './machine-files.ts';

const made: { remove(): void }[] = [];
afterEach(() => {
  for (const machine of made.splice(0)) machine.remove();
});

function machine(files: Readonly<Record<string, string>>) {
  const built = machineWith(files);
  made.push(built);
  return built;
}

const NEVER = new AbortController().signal;
const MEMINFO = 'MemTotal:       1000 kB\nMemFree: 1 kB\nMemAvailable:    400 kB\n';

describe('memory', () => {
  it('is what is not available, as the kernel says', async () => {
    const { root } = machine({ 'proc/meminfo': MEMINFO });
    expect(await memoryPercent(root)).toBeCloseTo(60, 6);
  });

  it('is that of a control group closer to its limit, its cache of files aside', async () => {
    const group = 'sys/fs/cgroup/user.slice/scope';
    const at = machine({
      'proc/meminfo': MEMINFO,
      'proc/self/cgroup': '0::/user.slice/scope\n',
      [`${group}/memory.max`]: '100000\n',
      [`${group}/memory.current`]: '90000\n',
      [`${group}/memory.stat`]: 'anon 70000\ninactive_file 10000\n',
    });
    expect(await memoryPercent(at.root)).toBeCloseTo(80, 6);
    at.write('sys/fs/cgroup/user.slice/memory.max', '200000\n');
    at.write('sys/fs/cgroup/user.slice/memory.current', '190000\n');
    expect(await memoryPercent(at.root)).toBeCloseTo(95, 6);
    at.write(`${group}/memory.max`, 'max\n');
    at.write('sys/fs/cgroup/user.slice/memory.max', 'max\n');
    expect(await memoryPercent(at.root)).toBeCloseTo(60, 6);
  });

  it('reads control groups of the first version, of a container at the top', async () => {
    const at = machine({
      'proc/meminfo': MEMINFO,
      'proc/self/cgroup': '9:cpu,cpuacct:/\n4:memory:/docker/abc\n0::/\n',
      'sys/fs/cgroup/memory/memory.limit_in_bytes': '100000\n',
      'sys/fs/cgroup/memory/memory.usage_in_bytes': '95000\n',
      'sys/fs/cgroup/memory/memory.stat': 'cache 9\ntotal_inactive_file 5000\n',
    });
    expect(await memoryPercent(at.root)).toBeCloseTo(90, 6);
    at.write('sys/fs/cgroup/memory/memory.limit_in_bytes', '9223372036854771712\n');
    expect(await memoryPercent(at.root)).toBeCloseTo(60, 6);
  });

  it('is what Node says where there are no such files', async () => {
    const { root } = machine({});
    // Others take and give memory meanwhile.
    await until('both say the same', async () => {
      const percent = (1 - freemem() / totalmem()) * 100;
      return Math.abs((await memoryPercent(root)) - percent) < 0.5;
    });
  });

  it('is between 0 and 100 on this machine', async () => {
    const percent = await memoryPercent();
    expect(percent).toBeGreaterThan(0);
    expect(percent).toBeLessThanOrEqual(100);
  });
});

describe('CPU', () => {
  it('is the busy part of the time since the last look, guests not counted twice', async () => {
    const at = machine({ 'proc/stat': 'cpu  100 0 0 900 0 0 0 0 50 0\ncpu0 1 2 3 4\n' });
    const cpu = new CpuPercent(at.root);
    await cpu.read(NEVER);
    // 60 of user, 20 of system, 10 of irq, of 200 in all.
    at.write('proc/stat', 'cpu  160 0 20 1000 10 10 0 0 110 0\n');
    expect(await cpu.read(NEVER)).toBeCloseTo(45, 6);
    expect(await cpu.read(NEVER)).toBe(0);
  });

  it.each([
    [
      'second',
      {
        'proc/self/cgroup': '0::/a\n',
        'sys/fs/cgroup/a/cpu.max': '50000 100000\n',
        'sys/fs/cgroup/a/cpu.stat': 'usage_usec 1000000\n',
      },
      ['sys/fs/cgroup/a/cpu.stat', 'usage_usec 1200000\nuser_usec 5\n'],
    ],
    [
      'first',
      {
        'proc/self/cgroup': '5:cpu,cpuacct:/a\n0::/\n',
        'sys/fs/cgroup/cpu/a/cpu.cfs_quota_us': '50000\n',
        'sys/fs/cgroup/cpu/a/cpu.cfs_period_us': '100000\n',
        'sys/fs/cgroup/cpuacct/a/cpuacct.usage': '1000000000\n',
      },
      ['sys/fs/cgroup/cpuacct/a/cpuacct.usage', '1200000000\n'],
    ],
  ] as const)(
    'is the part of the quota, by control groups of the %s version',
    async (_, files, [path, text]) => {
      const at = machine({ ...files, 'proc/stat': 'cpu  1 1 1 1\n' });
      let nowMs = 1000;
      const cpu = new CpuPercent(at.root, () => nowMs);
      await cpu.read(NEVER);
      nowMs += 1000;
      at.write(path, text);
      // 200 ms of CPU in a second in which half a CPU was allowed.
      expect(await cpu.read(NEVER)).toBeCloseTo(40, 6);
    },
  );

  it('is the machine, where a group has no quota', async () => {
    const at = machine({
      'proc/self/cgroup': '0::/a\n',
      'sys/fs/cgroup/a/cpu.max': 'max 100000\n',
      'proc/stat': 'cpu  0 0 0 100\n',
    });
    const cpu = new CpuPercent(at.root);
    await cpu.read(NEVER);
    at.write('proc/stat', 'cpu  25 0 0 175\n');
    expect(await cpu.read(NEVER)).toBeCloseTo(25, 6);
  });

  it.each([
    ['on this machine', '/'],
    ['where there are no such files', '/nonexistent'],
  ])('sees a busy loop %s', async (_, root) => {
    const cpu = new CpuPercent(root);
    await cpu.read(NEVER);
    const untilMs = performance.now() + 200;
    while (performance.now() < untilMs);
    const percent = await cpu.read(NEVER);
    expect(percent).toBeGreaterThan(0);
    expect(percent).toBeLessThanOrEqual(100);
  });
});

describe('disk', () => {
  it('is a part of 100 where the folder is', async () => {
    const percent = await diskPercent(import.meta.dirname);
    expect(percent).toBeGreaterThan(0);
    expect(percent).toBeLessThanOrEqual(100);
  });

  it('is that of the folder above, where the folder is not made yet', async () => {
    const above = await diskPercent('/');
    expect(await diskPercent('/nonexistent/spikescope')).toBeCloseTo(above, 0);
  });

  it('fails where there can be no such folder', async () => {
    await expect(diskPercent(`${import.meta.filename}/below`)).rejects.toThrow('ENOTDIR');
  });
});

describe('GPUs', () => {
  it.each([
    ['none', {}, 0],
    ['the driver says', { 'proc/driver/nvidia/gpus/0000:01:00.0/information': 'x' }, 1],
    ['device files say', { 'dev/nvidia0': '', 'dev/nvidia1': '', 'dev/nvidiactl': '' }, 2],
    [
      'cards say, of drivers that can compute',
      {
        'sys/class/drm/card0/device/driver': '->../../../../bus/pci/drivers/amdgpu',
        'sys/class/drm/card1/device/driver': '->../../../../bus/pci/drivers/ast',
        'sys/class/drm/card0-HDMI-A-1/status': 'connected',
        'sys/class/drm/renderD128/device/driver': '->../../../../bus/pci/drivers/amdgpu',
      },
      1,
    ],
  ])('are as many as %s', async (_, files, count) => {
    expect(await gpuCount(NEVER, machine(files).root, '')).toBe(count);
  });

  function smi(script: string) {
    const { root } = machine({ 'bin/nvidia-smi': `#!/bin/sh\n${script}\n` });
    chmodSync(join(root, 'bin/nvidia-smi'), 0o755);
    return { root, path: `/nonexistent::${join(root, 'bin')}` };
  }

  it('are as many as nvidia-smi names', async () => {
    const { root, path } = smi('echo "GPU 0: A (UUID: x)"; echo "  MIG 1g"; echo "GPU 1: A"');
    expect(await gpuCount(NEVER, root, path)).toBe(2);
  });

  it('are none where nvidia-smi finds no driver', async () => {
    const { root, path } = smi('echo "NVIDIA-SMI has failed"; exit 9');
    expect(await gpuCount(NEVER, root, path)).toBe(0);
  });

  it('are not waited for any longer when nvidia-smi hangs and the time is up', async () => {
    const { root, path } = smi('exec sleep 60');
    await expect(gpuCount(AbortSignal.timeout(100), root, path)).rejects.toThrow();
  });
});
