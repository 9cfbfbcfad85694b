import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import {
  chmod,
  copyFile,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rm,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fetchJava } from './java-runtime.ts';
import { runProgram } from './program.ts';
import type { Service } from './service.ts';

const VERSION = '9.5.3';
const SOURCES = join(import.meta.dirname, 'elasticsearch');
const COPY_JARS = 'org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy-dependencies';
/** Jars of the module that speaks HTTP; the others are the server's. */
const HTTP_JARS = /^(transport-netty4|netty|elasticsearch-ssl-config)-/;
/** Where a machine has the compressor of some index codecs; the jars bring none. */
const ZSTD_FOLDERS = ['/usr/lib/x86_64-linux-gnu', '/usr/lib/aarch64-linux-gnu', '/usr/lib64'];

/**
 * A real Elasticsearch node, of its published jars. Without the modules that only the whole
 * distribution has: security, ILM, painless, by-query requests, REST calls on data streams.
 */
export const ELASTICSEARCH: Service = {
  name: 'elasticsearch',
  version: `${VERSION}-${sourcesHash()}`,
  binary: 'elasticsearch',
  check: { args: ['--version'], prints: `Elasticsearch ${VERSION}` },
  async fetch(into) {
    const jars = await mkdtemp(join(tmpdir(), 'spikescope-elasticsearch-'));
    try {
      await Promise.all([fetchJava(into), fetchJars(jars)]);
      await compile(into, jars);
      await layOut(into, jars);
    } finally {
      await rm(jars, { recursive: true, force: true });
    }
  },
};

/** Other sources are another folder. */
function sourcesHash(): string {
  const hash = createHash('sha256');
  for (const name of readdirSync(SOURCES).sort()) hash.update(readFileSync(join(SOURCES, name)));
  return hash.digest('hex').slice(0, 8);
}

/** Maven finds out which jars the node needs, and downloads them. */
async function fetchJars(jars: string): Promise<void> {
  const pom = ['--file', join(SOURCES, 'pom.xml'), `-Delasticsearch.version=${VERSION}`];
  const args = ['--quiet', '--batch-mode', ...pom, COPY_JARS, `-DoutputDirectory=${jars}`];
  await runProgram('mvn', args);
}

/** The two sources here, with a compiler that is itself one of the jars. */
async function compile(into: string, jars: string): Promise<void> {
  const names = await readdir(jars);
  const compiler = names.find((name) => name.startsWith('ecj-'));
  if (compiler === undefined) throw new Error(`Maven left no compiler, but ${names.join(', ')}`);
  const java = join(into, 'jre', 'bin', 'java');
  const classPath = names.map((name) => join(jars, name)).join(':');
  const options = ['--release', '21', '-proc:none', '-classpath', classPath];
  for (const [folder, source] of [
    ['launcher', 'TestNode.java'],
    ['root', 'RootPlugin.java'],
  ] as const) {
    const paths = ['-d', join(into, folder), join(SOURCES, source)];
    await runProgram(java, ['-jar', join(jars, compiler), ...options, ...paths]);
  }
  await rm(join(jars, compiler));
}

/** The folders that a node looks for below its home. */
async function layOut(into: string, jars: string): Promise<void> {
  const http = join(into, 'modules', 'transport-netty4');
  const lib = join(into, 'lib');
  for (const folder of ['config', 'plugins', 'logs']) await mkdir(join(into, folder));
  await mkdir(http, { recursive: true });
  await mkdir(lib);
  await writeFile(join(http, 'plugin-descriptor.properties'), await httpDescriptor(jars));
  for (const name of await readdir(jars)) {
    await copyFile(join(jars, name), join(HTTP_JARS.test(name) ? http : lib, name));
  }
  await packRoot(into);
  await linkZstd(join(lib, 'platform', 'linux-x64'));
  await writeFile(join(into, 'config', 'elasticsearch.yml'), '');
  await copyFile(join(SOURCES, 'log4j2.properties'), join(into, 'config', 'log4j2.properties'));
  await copyFile(join(SOURCES, 'start.sh'), join(into, 'elasticsearch'));
  await chmod(join(into, 'elasticsearch'), 0o755);
}

/** The module's own descriptor, but for Java modules: the server is on the class path here. */
async function httpDescriptor(jars: string): Promise<string> {
  const jar = join(jars, `transport-netty4-${VERSION}.jar`);
  const unpacked = join(jars, '..', `${basename(jars)}-module`);
  try {
    await runProgram('python3', ['-m', 'zipfile', '-e', jar, unpacked]);
    const folder = join(unpacked, 'META-INF', 'es-plugins', 'transport-netty4');
    const text = await readFile(join(folder, 'plugin-descriptor.properties'), 'utf8');
    return text.replace(/^modulename=.*$/m, '');
  } finally {
    await rm(unpacked, { recursive: true, force: true });
  }
}

async function packRoot(into: string): Promise<void> {
  const classes = join(into, 'root');
  const module = join(into, 'modules', 'root');
  await mkdir(module);
  const files = await readdir(classes);
  const jar = join(module, 'root.jar');
  await runProgram('python3', ['-m', 'zipfile', '-c', jar, ...files], { cwd: classes });
  await rm(classes, { recursive: true });
  const descriptor = {
    name: 'root',
    description: 'answers the root',
    version: '1',
    classname: 'RootPlugin',
    'java.version': '21',
    'elasticsearch.version': VERSION,
  };
  const lines = Object.entries(descriptor).map(([key, value]) => `${key}=${value}\n`);
  await writeFile(join(module, 'plugin-descriptor.properties'), lines.join(''));
}

/** Only indices that ask for the best compression need it. */
async function linkZstd(platform: string): Promise<void> {
  const folder = ZSTD_FOLDERS.find((each) => existsSync(join(each, 'libzstd.so.1')));
  if (folder === undefined) return;
  await mkdir(platform, { recursive: true });
  await symlink(join(folder, 'libzstd.so.1'), join(platform, 'libzstd.so'));
}
