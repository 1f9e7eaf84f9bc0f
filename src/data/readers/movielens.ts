/**
 * MovieLens' own files, `a::b::c` rows without a header. Columns as stated in the README files of the data sets
 * MovieLens 1M and 10M (GroupLens).
 */
import type { LayoutColumn } from './layout-column.ts';

const tables: Readonly<Record<string, readonly LayoutColumn[]>> = {
  ratings: [
    { name: 'user_id', kind: 'id' },
    { name: 'item_id', kind: 'id' },
    { name: 'rating', kind: 'numeric' },
    { name: 'timestamp', kind: 'time' },
  ],
  movies: [
    { name: 'item_id', kind: 'id' },
    { name: 'title', kind: 'text' },
    { name: 'genres', kind: 'multi', separator: '|' },
  ],
  users: [
    { name: 'user_id', kind: 'id' },
    { name: 'gender', kind: 'categorical' },
    { name: 'age', kind: 'categorical' },
    { name: 'occupation', kind: 'categorical' },
    { name: 'zip_code', kind: 'categorical' },
  ],
};

/** The columns of a file with one of MovieLens' names and widths, else null. */
export function movieLensColumns(fileName: string, width: number): readonly LayoutColumn[] | null {
  const columns = tables[fileName.replace(/\.dat$/i, '').toLowerCase()];
  return columns?.length === width ? columns : null;
}
