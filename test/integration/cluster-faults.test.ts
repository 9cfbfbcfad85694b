import { test } from 'vitest';
import { expectEqualUnderFaults } from './fault-script.ts';

/** On an idle machine a minute and a half; one may be busy. */
const MS_MAX = 1_800_000;

test(
  'one process on a cluster of three, it and servers killed at random: every total is as without',
  async () => {
    const one = ['--workers', '1', '--partitions', '1'];
    await expectEqualUnderFaults(...one, '--servers', '3', '--faults', '12');
  },
  MS_MAX,
);
