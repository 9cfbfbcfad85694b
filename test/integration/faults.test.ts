import { test } from 'vitest';
import { expectEqualUnderFaults } from './fault-script.ts';

const KILLS = 60;
/** A minute of faults and two runs that come to their end, on an idle machine; one may be busy. */
const MS_MAX = 1_800_000;
/** What is published meanwhile has to be processed twice, however long the faults take. */
const MESSAGES_PER_S = '150';

test(
  '60 kills of the service and of nats-server change nothing that is counted',
  async () => {
    // Another schedule and another stream each time.
    const load = ['--store', 'sqlite', '--rate', MESSAGES_PER_S];
    await expectEqualUnderFaults('--kills', String(KILLS), ...load);
  },
  MS_MAX,
);
