import { buildGoModule } from './go-module.ts';
import type { Service } from './service.ts';

const VERSION = '1.12.1';

/** What measures the machine for the alert about its memory. */
export const NODE_EXPORTER: Service = {
  name: 'node-exporter',
  version: VERSION,
  binary: 'node_exporter',
  check: { args: ['--version'], prints: 'node_exporter, version' },
  fetch: (into) =>
    buildGoModule(
      {
        module: `github.com/prometheus/node_exporter@v${VERSION}`,
        programs: { node_exporter: '.' },
      },
      into,
    ),
};
