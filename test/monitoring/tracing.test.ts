import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { parse } from 'yaml';
import { serviceBinary } from '../../scripts/services/service-binary.ts';
import { MONITORING } from './tools.ts';

interface CollectorFile {
  readonly receivers: object;
  readonly processors: object;
  readonly exporters: object;
  readonly extensions?: object;
  readonly service: {
    readonly extensions?: readonly string[];
    readonly pipelines: Readonly<
      Record<string, Readonly<Record<'receivers' | 'processors' | 'exporters', string[]>>>
    >;
  };
}

it('is what the collector starts with: validate', async () => {
  const file = join(MONITORING, 'otel-collector/otel-collector.yml');
  await promisify(execFile)(serviceBinary('otel-collector'), ['validate', `--config=${file}`]);
});

/** There is no Jaeger on the machines of the tests: what can be told without one. */
it.each(['otel-collector/otel-collector.yml', 'jaeger/jaeger.yml'])(
  'defines what the pipelines of %s name, and nothing else',
  (path) => {
    const file = parse(readFileSync(join(MONITORING, path), 'utf8')) as CollectorFile;
    for (const part of ['receivers', 'processors', 'exporters'] as const) {
      const named = Object.values(file.service.pipelines).flatMap((each) => each[part]);
      expect(new Set(named)).toEqual(new Set(Object.keys(file[part])));
    }
    expect(file.service.extensions ?? []).toEqual(
      expect.arrayContaining(Object.keys(file.extensions ?? {})),
    );
  },
);
