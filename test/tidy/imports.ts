import { posix } from 'node:path';
import {
  isCallExpression,
  isExportDeclaration,
  isIdentifier,
  isImportDeclaration,
  isImportTypeNode,
  isLiteralTypeNode,
  isNewExpression,
  isStringLiteral,
  type Node,
  SyntaxKind,
} from 'typescript/unstable/ast';
import { lineOf, type ParsedFile, walk } from './parse.ts';

/** One place where a file names another module. */
export interface ModuleUse {
  readonly specifier: string;
  /** Path of the file in the repository; undefined for packages and Node's own modules. */
  readonly target: string | undefined;
  readonly line: number;
}

/** All modules that a file imports or exports from, of types too, or starts as a worker. */
export function modulesOf(file: ParsedFile): ModuleUse[] {
  const uses: ModuleUse[] = [];
  walk(file.ast, (node) => {
    const specifier = specifierOf(node);
    if (specifier === undefined) return;
    const relative = specifier.startsWith('.');
    const target = relative ? posix.join(posix.dirname(file.path), specifier) : undefined;
    uses.push({ specifier, target, line: lineOf(file, node) });
  });
  return uses;
}

function specifierOf(node: Node): string | undefined {
  if (isImportDeclaration(node) || isExportDeclaration(node)) return literal(node.moduleSpecifier);
  if (isImportTypeNode(node)) {
    return isLiteralTypeNode(node.argument) ? literal(node.argument.literal) : undefined;
  }
  if (isCallExpression(node) && node.expression.kind === SyntaxKind.ImportKeyword) {
    return literal(node.arguments[0]);
  }
  // new URL('./worker.ts', import.meta.url) is how a worker's file is named.
  if (isNewExpression(node) && isIdentifier(node.expression) && node.expression.text === 'URL') {
    const path = literal(node.arguments?.[0]);
    return path?.startsWith('.') && path.endsWith('.ts') ? path : undefined;
  }
  return undefined;
}

function literal(node: Node | undefined): string | undefined {
  return node !== undefined && isStringLiteral(node) ? node.text : undefined;
}
