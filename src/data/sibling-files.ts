/** Files that lie beside the interactions by the custom of their format and describe its users and items. */
import { existsSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';

interface SiblingFiles {
  readonly items?: string;
  readonly users?: string;
  readonly social?: string;
}

/** RecBole: `x.inter` → `x.item`, `x.user`, `x.net`. MovieLens: `ratings.dat` → `movies.dat`, `users.dat`. Each may be packed. */
export function siblingFiles(path: string): SiblingFiles {
  const folder = dirname(path);
  const name = basename(path).replace(/\.(gz|zip)$/i, '');
  const sibling = (file: string): string | undefined =>
    [file, `${file}.gz`, `${file}.zip`].map((f) => join(folder, f)).find((f) => existsSync(f));
  if (name.endsWith('.inter')) {
    const stem = name.slice(0, -'.inter'.length);
    return { items: sibling(`${stem}.item`), users: sibling(`${stem}.user`), social: sibling(`${stem}.net`) };
  }
  if (name === 'ratings.dat') return { items: sibling('movies.dat'), users: sibling('users.dat') };
  return {};
}
