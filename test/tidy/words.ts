import {
  isCallExpression,
  isElementAccessExpression,
  isIdentifier,
  isNewExpression,
  isPropertyAccessExpression,
  isStringLiteral,
  type Node,
  SyntaxKind,
} from 'typescript/unstable/ast';
import { lineOf, type ParsedFile, walk } from './parse.ts';
import type { Finding, SourceText } from './source-tree.ts';

/** Code that is not wanted in some folders, with the reason and what stands in for it. */
interface BannedWord {
  readonly where: RegExp;
  readonly matches: (node: Node) => boolean;
  readonly text: string;
}

const PURE = /^(src\/(kernels|frames|numerics|operators|detectors|analysis)|pipelines)\//;
const PRODUCT = /^(src|pipelines)\//;
const TIME = 'time is in the data (t0Us, dtUs), so that a replay gives the same bytes';

const BANNED: readonly BannedWord[] = [
  { where: PURE, matches: isClock, text: `no clock here: ${TIME}` },
  {
    where: PURE,
    matches: (node) => isName(node, /^(setTimeout|setInterval|setImmediate|queueMicrotask)$/),
    text: `no timer here: ${TIME}; what needs a clock is found in src/sources`,
  },
  {
    where: PURE,
    matches: (node) => isMember(node, 'Math', 'random') || isMember(node, 'crypto', undefined),
    text: 'no random numbers here: take a seeded generator as an argument',
  },
  {
    where: PURE,
    matches: (node) =>
      node.kind === SyntaxKind.AsyncKeyword || node.kind === SyntaxKind.AwaitKeyword,
    text: 'nothing waits here: operators are synchronous, sources and sinks are not',
  },
  {
    where: /^(src\/(?!cli\/main\.ts)|pipelines\/)/,
    matches: (node) => isMember(node, 'process', 'exit'),
    text: 'only src/cli/main.ts exits: throw an error that says what to do',
  },
  {
    where: /^(src\/(?!cli\/)|pipelines\/)/,
    matches: (node) => isMember(node, 'console', undefined),
    text: 'stdout is for results and stderr for the log: use src/telemetry, or throw',
  },
  {
    where: /^(src|pipelines|test|scripts|bench)\//,
    matches: (node) => node.kind === SyntaxKind.AnyKeyword,
    text: 'no any: say unknown and look, or name the type',
  },
  {
    where: /^test\//,
    matches: isSetAside,
    text: 'a test runs, always: repair it or remove it (no skip, only, todo, skipIf, runIf)',
  },
  {
    where: PRODUCT,
    matches: (node) => node.kind === SyntaxKind.EnumDeclaration,
    text: 'no enum: a union of words, and a list of them as const',
  },
];

/** The comment that excuses one line, with its reason; biome asks for the same. */
const EXCUSE = /biome-ignore lint\/suspicious\/noExplicitAny: \S+/;

export function wordFindings(files: readonly ParsedFile[]): Finding[] {
  const findings = new Map<string, Finding>();
  for (const file of files) {
    const banned = BANNED.filter(({ where }) => where.test(file.path));
    walk(file.ast, (node) => {
      for (const { matches, text } of banned) {
        if (!matches(node)) continue;
        const line = lineOf(file, node);
        if (node.kind === SyntaxKind.AnyKeyword && isExcused(file, line)) continue;
        findings.set(`${file.path}:${line}:${text}`, { path: file.path, line, text });
      }
    });
  }
  return [...findings.values()];
}

function isExcused(file: SourceText, line: number): boolean {
  return EXCUSE.test(file.text.split('\n')[line - 2] ?? '');
}

function isClock(node: Node): boolean {
  if (isName(node, /^performance$/) || isMember(node, 'process', 'hrtime')) return true;
  if (isMember(node, 'Date', 'now')) return true;
  if (isNewExpression(node)) return isDate(node.expression) && !node.arguments?.length;
  return isCallExpression(node) && isDate(node.expression);
}

function isDate(node: Node): boolean {
  return isIdentifier(node) && node.text === 'Date';
}

function isName(node: Node, pattern: RegExp): boolean {
  return isIdentifier(node) && pattern.test(node.text);
}

/** `object.name` or `object['name']`, also behind globalThis; any name where none is given. */
function isMember(node: Node, object: string, name: string | undefined): boolean {
  const [owner, member] = memberOf(node);
  if (owner === undefined || (name !== undefined && member !== name)) return false;
  if (isIdentifier(owner)) return owner.text === object;
  const [root, inner] = memberOf(owner);
  return inner === object && root !== undefined && isName(root, /^(globalThis|global)$/);
}

function memberOf(node: Node): [owner: Node | undefined, member: string | undefined] {
  if (isPropertyAccessExpression(node)) return [node.expression, node.name.text];
  if (!isElementAccessExpression(node)) return [undefined, undefined];
  const { argumentExpression } = node;
  const member = isStringLiteral(argumentExpression) ? argumentExpression.text : undefined;
  return [node.expression, member];
}

const SET_ASIDE = /^(skip|only|todo|skipIf|runIf|fails)$/;
const RUNNERS = /^(test|it|describe|suite|bench|context)$/;

/** `test.skip`, `describe.concurrent.only`, `it.skipIf(…)`, `context.skip()`, `xit`. */
function isSetAside(node: Node): boolean {
  if (isName(node, /^(xit|xtest|xdescribe|fit|fdescribe)$/)) return true;
  const [owner, member] = memberOf(node);
  if (owner === undefined || member === undefined || !SET_ASIDE.test(member)) return false;
  let root = owner;
  for (let next = memberOf(root)[0]; next !== undefined; next = memberOf(root)[0]) root = next;
  return isName(root, RUNNERS);
}
