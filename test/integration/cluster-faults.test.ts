import { test } from 'vitest';
import { expectEqualUnderFaults } from './fault-script.ts';

/** On an idle machine a minute and a half both together; one may be busy. */
const MS_MAX = 1_800_000;

test(
  'one process on a cluster of three, it and servers killed at random: every total is as without',
  async () => {
    const one = ['--workers', '1', '--partitions', '1'];
    await expectEqualUnderFaults(...one, '--servers', '3', '--faults', '8');
  },
  MS_MAX,
);

test(
  '4 workers, 16 partitions, 40 faults: every total is as without, each frame has one owner',
  async () => {
    const four = ['--workers', '4', '--partitions', '16', '--servers', '3'];
    await expectEqualUnderFaults(...four, '--faults', '40', '--rate', '60');
  },
  MS_MAX,
);
