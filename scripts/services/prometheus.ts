import { buildGoModule } from './go-module.ts';
import type { Service } from './service.ts';

const VERSION = '3.16.0';
/** Releases of version 3 are tagged for Go as 0.3xx. */
const MODULE = 'github.com/prometheus/prometheus@v0.316.0';

/** Prometheus, and promtool beside it; without service discovery in clouds, most of its size. */
export const PROMETHEUS: Service = {
  name: 'prometheus',
  version: VERSION,
  binary: 'prometheus',
  check: { args: ['--version'], prints: 'prometheus, version' },
  fetch: (into) =>
    buildGoModule(
      {
        module: MODULE,
        programs: { prometheus: './cmd/prometheus', promtool: './cmd/promtool' },
        tags: ['remove_all_sd'],
      },
      into,
    ),
};
