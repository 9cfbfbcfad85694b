import { type Child, element, Markup } from './markup.ts';
import { STYLE } from './style.ts';

export interface ReportPage {
  readonly title: string;
  /** What stands below the title: of what, when, how much. */
  readonly subtitle: Child;
  readonly sections: readonly ReportSection[];
  /** By whom and how it was made. */
  readonly footer: Child;
  /** Blocks of JSON by id. */
  readonly data: Readonly<Record<string, unknown>>;
}

export interface ReportSection {
  /** Of the section, for links to it. */
  readonly id: string;
  readonly title: string;
  readonly content: Child;
  /** Begins a page of its own in print. */
  readonly startsPage?: boolean;
}

/** Nothing is loaded and nothing runs, whatever a report holds. */
const POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:";

/** One page that needs nothing but itself. */
export function reportPage(page: ReportPage): string {
  const { title, subtitle, sections, footer, data } = page;
  const head = element(
    'head',
    {},
    element('meta', { charset: 'utf-8' }),
    element('meta', { 'http-equiv': 'Content-Security-Policy', content: POLICY }),
    element('meta', { name: 'viewport', content: 'width=device-width, initial-scale=1' }),
    element('meta', { name: 'color-scheme', content: 'light dark' }),
    element('title', {}, title),
    Markup.style(STYLE),
  );
  const links = sections.map(({ id, title: text }) =>
    element('li', {}, element('a', { href: `#${id}` }, text)),
  );
  const body = element(
    'body',
    {},
    element('header', {}, element('h1', {}, title), element('p', { class: 'sub' }, subtitle)),
    element('nav', { 'aria-label': 'Sections' }, element('ul', {}, links)),
    element('main', {}, sections.map(sectionMarkup)),
    element('footer', {}, footer),
    Object.entries(data).map(([id, value]) => Markup.json(id, value)),
  );
  return `<!doctype html>\n${element('html', { lang: 'en' }, head, body).html}\n`;
}

function sectionMarkup({ id, title, content, startsPage }: ReportSection): Markup {
  const attributes = { id, class: startsPage ? 'page' : undefined, 'aria-labelledby': `${id}-h` };
  return element('section', attributes, element('h2', { id: `${id}-h` }, title), content);
}
