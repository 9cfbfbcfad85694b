const SECRET_KEY =
  /token|passw(or)?d|passphrase|secret|seed|credential|authorization|cookie|(api|private)_?key/i;
const DEPTH_MAX = 6;
const ENTRIES_MAX = 256;

/**
 * Secrets by their form, with what stands in their place. Texts come from outside: every form
 * begins at the start of a word and is bounded, so that none takes long on any text.
 */
const FORMS: readonly (readonly [RegExp, string])[] = [
  // The userinfo of a URL.
  [/((?<![a-z0-9+.-])[a-z][a-z0-9+.-]{0,31}:\/\/)[^\s@"']{0,256}@/gi, '$1***@'],
  // What a request carries.
  [/\b(Bearer|ApiKey)\s{1,8}[\w.~+/=-]+/gi, '$1 ***'],
  [/\b(Basic)\s{1,8}[\w+/=-]{8,}/gi, '$1 ***'],
  // A parameter of a URL, an assignment, a field of JSON.
  [
    /(?<!\w)(\w{0,64}?(?:token|passw(?:or)?d|passphrase|secret|credential|(?:api|access|private)_?key)["']?\s{0,3}[=:]\s{0,3})(?!\s*\*\*\*)(?:"[^"]*"|'[^']*'|[^\s&"',;}]+)/gi,
    '$1***',
  ],
  // A JSON Web Token, of NATS credentials too.
  [/(?<![\w-])eyJ[\w-]+\.[\w-]+\.[\w-]+/g, '***'],
  // An nkey's seed.
  [/\bS[A-Z2-7]{2,3}[A-Z2-7]{54,55}\b/g, '***'],
];

/** A text without the secrets that can be told by their form. */
export function scrubText(text: string): string {
  let scrubbed = text;
  for (const [form, stand] of FORMS) scrubbed = scrubbed.replace(form, stand);
  return scrubbed;
}

/**
 * Fields without secrets: values of keys that sound secret, and what scrubText finds in any string.
 * Deep nesting, cycles and long lists are cut, so that anything at all can be logged.
 */
export function scrubFields(value: unknown, depth = 0): unknown {
  if (typeof value === 'string') return scrubText(value);
  if (typeof value === 'bigint') return String(value);
  if (value === null || typeof value !== 'object') return value;
  if (value instanceof Error) return scrubText(textOf(value));
  if (value instanceof URL) return scrubText(value.href);
  if (depth >= DEPTH_MAX) return '…';
  if (Array.isArray(value)) {
    return value.slice(0, ENTRIES_MAX).map((entry) => scrubFields(entry, depth + 1));
  }
  if (ArrayBuffer.isView(value)) return `${value.byteLength} bytes`;
  const map = value instanceof Map ? [...value] : Object.entries(value);
  const entries = map.slice(0, ENTRIES_MAX).map(([key, entry]) => {
    const name = String(key);
    return [name, SECRET_KEY.test(name) ? '***' : scrubFields(entry, depth + 1)];
  });
  return Object.fromEntries(entries) as unknown;
}

/** The stack of an error, and of what caused it. */
function textOf(error: Error): string {
  const texts: string[] = [];
  let at: unknown = error;
  while (at instanceof Error && texts.length < DEPTH_MAX) {
    texts.push(at.stack ?? at.message);
    at = at.cause;
  }
  return texts.join('\ncaused by: ');
}
