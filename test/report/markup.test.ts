import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { scaleColour as scaleOfPage } from '../../src/page/colour-scale.ts';
import { COLOURS, scaleColour } from '../../src/report/colours.ts';
import { element, escaped, Markup } from '../../src/report/markup.ts';

/** What HTML reads where it was escaped. */
function read(html: string): string {
  const characters: Record<string, string> = { lt: '<', gt: '>', amp: '&', quot: '"', '#39': "'" };
  return html.replace(/&([a-z#0-9]+);/g, (_, name: string) => characters[name] ?? '?');
}

it('lets no text become markup, and changes none that is harmless', () => {
  const text = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.constant('</script><img src=x onerror=a()>'),
  );
  fc.assert(
    fc.property(text, (name) => {
      const { html } = element('p', { title: name }, name);
      expect(html.match(/[<>]/g)).toEqual(['<', '>', '<', '>']);
      const inside = html.slice('<p title="'.length, -'</p>'.length).split('">');
      expect(inside).toHaveLength(2);
      expect(inside[0]).toBe(inside[1]);
      const harmless = name.toWellFormed().replace(/[\p{Cc}\u202a-\u202e\u2066-\u2069]/gu, (c) => {
        return c === '\n' || c === '\t' ? c : '\ufffd';
      });
      expect(read(inside[0] as string)).toBe(harmless);
    }),
  );
});

it('gives any value as JSON that ends no block', () => {
  fc.assert(
    fc.property(fc.json(), fc.string(), (json, text) => {
      const value = [JSON.parse(json), text, '</script><!--<script>'];
      const { html } = Markup.json('data', value);
      const inside = html.slice(html.indexOf('>') + 1, html.lastIndexOf('</script>'));
      expect(inside).not.toMatch(/[<>&]/);
      expect(JSON.parse(inside)).toEqual(JSON.parse(JSON.stringify(value)));
    }),
  );
});

it('has no names of attributes that run something', () => {
  expect(() => element('p', { onclick: 'a()' })).toThrow('onclick');
  expect(() => element('p', { 'a b': 1 })).toThrow('a b');
  expect(() => element('p><b')).toThrow('p><b');
  expect(() => Markup.style('</style>')).toThrow('style sheet');
  expect(escaped('a\u202eb\u0000\ud800')).toBe('a\ufffdb\ufffd\ufffd');
});

it("has the page's colours", () => {
  // What draws on the page needs a browser, so that its list is read and not imported.
  const palette = readFileSync(new URL('../../src/page/palette.ts', import.meta.url), 'utf8');
  expect(palette.match(/#[0-9a-f]{6}/g)).toEqual(COLOURS.flat());
  for (let share = 0; share <= 1; share += 0.01) {
    expect(scaleColour(share)).toEqual(scaleOfPage(share));
  }
});
