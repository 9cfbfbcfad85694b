/**
 * Markup that `element` made. Whatever else stands in a page is text and is escaped, so that no
 * name of a recording can become a tag, an attribute or a script.
 */
export class Markup {
  readonly html: string;

  private constructor(html: string) {
    this.html = html;
  }

  static element(name: string, attributes: Attributes, children: readonly Child[]): Markup {
    const start = `<${requireName(name)}${attributesText(attributes)}`;
    if (VOID.has(name)) return new Markup(`${start}>`);
    const inside = children.map(childText).join('');
    if (inside === '' && SHAPES.has(name)) return new Markup(`${start}/>`);
    return new Markup(`${start}>${inside}</${name}>`);
  }

  /** Several, one after the other. */
  static all(children: readonly Child[]): Markup {
    return new Markup(children.map(childText).join(''));
  }

  /** A style sheet, which is no text of HTML. */
  static style(css: string): Markup {
    if (css.includes('</')) throw new Error('a style sheet must not hold "</"');
    return new Markup(`<style>${css}</style>`);
  }

  /** Data for programs: JSON in a block that no browser runs. */
  static json(id: string, value: unknown): Markup {
    // With these three escaped there is nothing in it that ends the block or begins another.
    const text = JSON.stringify(value).replace(/[<>&]/g, (character) => {
      return `\\u00${character.charCodeAt(0).toString(16)}`;
    });
    return new Markup(`<script type="application/json" id="${escaped(id)}">${text}</script>`);
  }
}

export type Child = Markup | string | number | undefined | false | readonly Child[];
export type Attributes = Readonly<Record<string, string | number | true | undefined>>;

const VOID: ReadonlySet<string> = new Set(['meta', 'br', 'hr', 'col']);
const SHAPES: ReadonlySet<string> = new Set(['path', 'rect', 'line', 'circle', 'image', 'use']);

/** `element('p', { class: 'note' }, 'text')`; attributes that are undefined are left out. */
export function element(
  name: string,
  attributes: Attributes = {},
  ...children: readonly Child[]
): Markup {
  return Markup.element(name, attributes, children);
}

export function fragment(...children: readonly Child[]): Markup {
  return Markup.all(children);
}

function requireName(name: string): string {
  if (/^[a-zA-Z][a-zA-Z0-9-]*$/.test(name) && !/^on/i.test(name)) return name;
  throw new Error(`"${name}" is no name of an element or attribute that a report may have`);
}

function attributesText(attributes: Attributes): string {
  let text = '';
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined) continue;
    text += ` ${requireName(name)}`;
    if (value !== true) text += `="${escaped(String(value))}"`;
  }
  return text;
}

function childText(child: Child): string {
  if (child === undefined || child === false) return '';
  if (child instanceof Markup) return child.html;
  if (typeof child === 'object') return child.map(childText).join('');
  return escaped(String(child));
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** Text as HTML: no markup, no control characters, nothing that turns the direction of writing. */
export function escaped(text: string): string {
  return text
    .toWellFormed()
    .replace(/[\p{Cc}\u202a-\u202e\u2066-\u2069]/gu, (character) => {
      return character === '\n' || character === '\t' ? character : '\ufffd';
    })
    .replace(/[&<>"']/g, (character) => ENTITIES[character] as string);
}
