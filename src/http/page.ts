/** What the plain page shows, until the live page comes. */
export interface PageState {
  readonly version: string;
  readonly source: string;
  readonly connected: boolean | undefined;
  readonly totals: readonly { readonly name: string; readonly value: string }[];
}

function escapeHtml(text: string): string {
  const entities: Record<string, string> = {
    '&': '&amp;',
    '<': '&lt;',
    '>': '&gt;',
    '"': '&quot;',
    "'": '&#39;',
  };
  return text.replace(/[&<>"']/g, (char) => entities[char] as string);
}

/** A page without script: state, totals, links. Everything shown came from outside. */
export function renderPage(state: PageState): string {
  const rows = state.totals
    .map(({ name, value }) => {
      return `<tr><th scope="row">${escapeHtml(name)}</th><td>${escapeHtml(value)}</td></tr>`;
    })
    .join('\n');
  const connection =
    state.connected === undefined ? '' : state.connected ? ' · connected' : ' · not connected';
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta http-equiv="refresh" content="5">
<title>Spikescope</title>
<link rel="stylesheet" href="/page.css">
</head>
<body>
<main>
<h1>Spikescope <small>${escapeHtml(state.version)}</small></h1>
<p>${escapeHtml(state.source)}${connection}</p>
<table><tbody>
${rows}
</tbody></table>
<p><a href="/metrics">/metrics</a> · <a href="/health">/health</a></p>
</main>
</body>
</html>
`;
}

export const PAGE_CSS = `body { font: 16px/1.5 system-ui, sans-serif; margin: 0; }
main { max-width: 44rem; margin: 0 auto; padding: 1rem; }
h1 small { font-weight: normal; opacity: 0.6; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; padding: 0.3rem 0.5rem; border-bottom: 1px solid #8884; }
th { font-weight: normal; overflow-wrap: anywhere; }
td { text-align: right; font-variant-numeric: tabular-nums; }
`;
