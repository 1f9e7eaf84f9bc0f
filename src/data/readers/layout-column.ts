import type { ColumnKind } from '../schema.ts';

/** A column as the file itself describes it. */
export interface LayoutColumn {
  readonly name: string;
  /** The kind that the file's header or the format states; null = to be guessed. */
  readonly kind: ColumnKind | null;
  /** Separator of the categories in one cell, when stated. */
  readonly separator?: string;
  /** True when the header has no name for it. */
  readonly nameless?: boolean;
}
