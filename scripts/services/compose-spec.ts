import { buildGoModule } from './go-module.ts';
import type { Service } from './service.ts';

const VERSION = '2.16.2';

/** What `docker compose config` reads files with, as a program of its own: it needs no engine. */
export const COMPOSE_SPEC: Service = {
  name: 'compose-spec',
  version: VERSION,
  binary: 'compose-spec',
  check: { args: ['--help'], prints: 'no-interpolation' },
  fetch: (into) =>
    buildGoModule(
      {
        module: `github.com/compose-spec/compose-go/v2@v${VERSION}`,
        programs: { 'compose-spec': './cmd' },
      },
      into,
    ),
};
