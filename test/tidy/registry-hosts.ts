import { type Finding, lineAt, type SourceText } from './source-tree.ts';

/**
 * Hosts of package registries. A repository that names one would send those who build it there,
 * past the registry that they have configured. Written in parts, so that this file names none.
 */
const HOSTS: readonly string[] = [
  ['registry', 'npmjs', 'org'],
  ['registry', 'yarnpkg', 'com'],
  ['npm', 'pkg', 'github', 'com'],
  ['npm', 'jsr', 'io'],
  ['registry', 'npmmirror', 'com'],
  ['pypi', 'org'],
  ['pypi', 'python', 'org'],
  ['files', 'pythonhosted', 'org'],
  ['proxy', 'golang', 'org'],
  ['sum', 'golang', 'org'],
  ['repo', 'maven', 'apache', 'org'],
  ['repo1', 'maven', 'org'],
  ['static', 'crates', 'io'],
  ['index', 'crates', 'io'],
].map((parts) => parts.join('.'));

/** Lines that name a registry, and addresses in the lockfile, which would pin one. */
export function registryFindings(files: readonly SourceText[]): Finding[] {
  return files.flatMap((file) => {
    const named = HOSTS.filter((host) => file.text.includes(host)).map((host) => ({
      path: file.path,
      line: lineAt(file.text, file.text.indexOf(host)),
      text: `names the package registry ${host}: leave it to the configuration of npm, pip or go`,
    }));
    return file.path === 'package-lock.json' ? [...named, ...resolvedFindings(file)] : named;
  });
}

function resolvedFindings(file: SourceText): Finding[] {
  const at = file.text.search(/"resolved": "https?:/);
  if (at < 0) return [];
  const text = 'has addresses of a registry: npm install --omit-lockfile-registry-resolved';
  return [{ path: file.path, line: lineAt(file.text, at), text }];
}
