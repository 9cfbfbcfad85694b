import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { copyFile } from 'node:fs/promises';
import { join } from 'node:path';
import { buildWithGo } from './go-toolchain.ts';
import { runProgram } from './program.ts';
import type { Service } from './service.ts';

const VERSION = '0.165.0';
const BUILDER = `go.opentelemetry.io/collector/cmd/builder@v${VERSION}`;
const MANIFEST = join(import.meta.dirname, 'otel-collector', 'manifest.yaml');
const PROGRAM = 'otelcol-test';

/** The OpenTelemetry Collector with the few parts that tests need; other parts, another folder. */
export const OTEL_COLLECTOR: Service = {
  name: 'otel-collector',
  version: `${VERSION}-${createHash('sha256').update(readFileSync(MANIFEST)).digest('hex').slice(0, 8)}`,
  binary: PROGRAM,
  check: { args: ['components'], prints: `otlpreceiver v${VERSION}` },
  fetch: (into) => buildWithGo(BUILDER, build, into),
};

/** The recipe: the builder writes a program's source from the manifest, Go compiles it. */
async function build(
  into: string,
  scratch: string,
  go: Readonly<Record<string, string>>,
): Promise<void> {
  const env = { ...go, GOBIN: scratch };
  await runProgram('go', ['install', BUILDER], { env, cwd: scratch });
  await copyFile(MANIFEST, join(scratch, 'manifest.yaml'));
  const args = ['--config', 'manifest.yaml'];
  await runProgram(join(scratch, 'builder'), args, { env, cwd: scratch });
  await copyFile(join(scratch, 'out', PROGRAM), join(into, PROGRAM));
}
