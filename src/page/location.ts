/** What the address says: the view, and what is looked at in it. A link is a state. */
export interface Place {
  readonly view: string;
  readonly query: Readonly<Record<string, string>>;
}

export function readPlace(hash: string): Place {
  const [path = '', search = ''] = hash.replace(/^#\/?/, '').split('?', 2);
  return {
    view: path === '' ? 'overview' : path,
    query: Object.fromEntries(new URLSearchParams(search)),
  };
}

export function hashOf({ view, query }: Place): string {
  const search = new URLSearchParams(query).toString();
  return `#/${view}${search === '' ? '' : `?${search}`}`;
}

/** Changes what is looked at, without a step in the browser's history for each change. */
export function changeQuery(changes: Readonly<Record<string, string | undefined>>): void {
  const place = readPlace(location.hash);
  const query = Object.entries({ ...place.query, ...changes }).filter(
    (pair): pair is [string, string] => pair[1] !== undefined,
  );
  history.replaceState(null, '', hashOf({ view: place.view, query: Object.fromEntries(query) }));
  dispatchEvent(new HashChangeEvent('hashchange'));
}
