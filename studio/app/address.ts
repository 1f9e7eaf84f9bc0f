/** Where the page is: `#/try?user=m1114&k=10`. What is chosen on a page stands in its address, so that it can be sent to somebody. */
import { useEffect, useState } from 'preact/hooks';

export interface Address {
  /** Name of the page; empty = none is named. */
  readonly page: string;
  readonly query: Readonly<Record<string, string>>;
}

export function readAddress(hash: string): Address {
  const [path, query = ''] = hash.replace(/^#\/?/, '').split('?', 2);
  return { page: path, query: Object.fromEntries(new URLSearchParams(query)) };
}

/** What is empty is left out. */
export function hashOf({ page, query }: Address): string {
  const given = Object.entries(query).filter(([, value]) => value !== '');
  return `#/${page}${given.length > 0 ? `?${new URLSearchParams(given)}` : ''}`;
}

export function useAddress(): Address {
  const [address, setAddress] = useState(() => readAddress(location.hash));
  useEffect(() => {
    const follow = (): void => setAddress(readAddress(location.hash));
    addEventListener('hashchange', follow);
    return () => removeEventListener('hashchange', follow);
  }, []);
  return address;
}

/** Changes parts of the query of the page that is open; an empty text takes a part out. */
export function changeQuery(changes: Readonly<Record<string, string>>): void {
  const { page, query } = readAddress(location.hash);
  const next = hashOf({ page, query: { ...query, ...changes } });
  if (next === location.hash) return;
  // a slider that moves makes no steps to go back over
  history.replaceState(null, '', next);
  dispatchEvent(new HashChangeEvent('hashchange'));
}
