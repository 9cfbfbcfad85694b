import { buildGoModule } from './go-module.ts';
import type { Service } from './service.ts';

const VERSION = '0.35.0';

/** Alertmanager without its page, and amtool beside it. */
export const ALERTMANAGER: Service = {
  name: 'alertmanager',
  version: VERSION,
  binary: 'alertmanager',
  check: { args: ['--version'], prints: 'alertmanager, version' },
  fetch: (into) =>
    buildGoModule(
      {
        module: `github.com/prometheus/alertmanager@v${VERSION}`,
        programs: { alertmanager: './cmd/alertmanager', amtool: './cmd/amtool' },
        missing: ['ui/app/dist/index.html'],
      },
      into,
    ),
};
