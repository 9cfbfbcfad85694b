import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // Two cores, shared: integration files start real servers, so two at a time is the most.
    maxWorkers: 2,
    // Only what hangs is to be ended: on a machine that is busy with other work a server takes minutes.
    testTimeout: 240_000,
    hookTimeout: 240_000,
  },
});
