import type { StoredDocument } from './document.ts';
import { type FieldType, INDEX_FIELDS } from './indices.ts';

/** An id of Elasticsearch has 512 bytes at most. */
const ID_CHARS_MAX = 512;
const NAME_CHARS_MAX = 1024;
const PROSE_CHARS_MAX = 65_536;
const LIST_LENGTH_MAX = 4096;

/**
 * Why a document can't be stored as it is, naming the field; undefined where it can. The strict
 * mapping of Elasticsearch alone would take some of these (the number 5 as the word "5", 2.5 as the
 * whole 2), and two stores would then hold different documents: so both ask this first.
 */
export function documentFault({ id, index, timeUs, fields }: StoredDocument): string | undefined {
  if (!/^[\x21-\x7e]+$/.test(id) || id.length > ID_CHARS_MAX) {
    return `id: needs 1 to ${ID_CHARS_MAX} printable ASCII characters, got ${shown(id)}`;
  }
  const known = INDEX_FIELDS[index];
  if (known === undefined) return `index: ${shown(index)} is none`;
  if (!Number.isSafeInteger(timeUs)) return `timestamp: needs whole µs, got ${shown(timeUs)}`;
  for (const name in fields) {
    const type = Object.hasOwn(known, name) ? known[name] : undefined;
    if (type === undefined) return `${name}: is no field of ${index}`;
    const value: unknown = fields[name];
    if (!FITS[type](value)) return `${name}: needs ${NEEDS[type]}, got ${shown(value)}`;
  }
  return undefined;
}

const isText = (charsMax: number) => (value: unknown) =>
  typeof value === 'string' && value.length <= charsMax && value.isWellFormed();
const isName = isText(NAME_CHARS_MAX);
const isListOf = (fits: (value: unknown) => boolean) => (value: unknown) =>
  Array.isArray(value) && value.length <= LIST_LENGTH_MAX && value.every(fits);

const FITS: Readonly<Record<FieldType, (value: unknown) => boolean>> = {
  name: isName,
  guideName: isName,
  prose: isText(PROSE_CHARS_MAX),
  whole: Number.isSafeInteger,
  number: Number.isFinite,
  truth: (value) => typeof value === 'boolean',
  'whole[]': isListOf(Number.isSafeInteger),
  'number[]': isListOf(Number.isFinite),
};

const NEEDS: Readonly<Record<FieldType, string>> = {
  name: `a string of at most ${NAME_CHARS_MAX} characters`,
  guideName: `a string of at most ${NAME_CHARS_MAX} characters`,
  prose: `a string of at most ${PROSE_CHARS_MAX} characters`,
  whole: 'a whole number below 2^53',
  number: 'a finite number',
  truth: 'true or false',
  'whole[]': `a list of at most ${LIST_LENGTH_MAX} whole numbers`,
  'number[]': `a list of at most ${LIST_LENGTH_MAX} finite numbers`,
};

const SHOWN_CHARS_MAX = 60;

/** A value for an error: its beginning, on one line. */
function shown(value: unknown): string {
  const text = typeof value === 'number' ? String(value) : (JSON.stringify(value) ?? 'nothing');
  return text.length <= SHOWN_CHARS_MAX ? text : `${text.slice(0, SHOWN_CHARS_MAX)}…`;
}
