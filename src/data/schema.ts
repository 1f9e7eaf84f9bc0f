/** What each column of a data set means. */

/** The part a column plays. `label` = 0 or 1. `field` = side information or context. `title` = item name to show people. */
export type Role =
  | 'user'
  | 'item'
  | 'rating'
  | 'label'
  | 'time'
  | 'session'
  | 'title'
  | 'field'
  | 'propensity'
  | 'ignore';

/** How a column's values are to be understood. `multi` = several categories in one cell. */
export type ColumnKind = 'id' | 'categorical' | 'numeric' | 'multi' | 'text' | 'time';

/** Whom a column describes: the interaction itself (context), the user or the item. */
export type ColumnOwner = 'interaction' | 'user' | 'item';

export interface ColumnSchema {
  readonly name: string;
  readonly role: Role;
  readonly kind: ColumnKind;
  readonly owner: ColumnOwner;
  /** True when the role was guessed from the name or the values, false when the user or the file's header said so. */
  readonly guessed: boolean;
}

export interface Schema {
  readonly columns: readonly ColumnSchema[];
}
