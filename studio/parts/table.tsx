/** A table that may be wider than the page: it scrolls by itself, by keyboard too. Its rows begin with what they are about. */
import type { ComponentChildren } from 'preact';

/** What stands over a column: a text, over numbers at the right; hidden where the cells say themselves what they are. */
export type Head = string | { readonly number: string } | { readonly hidden: string };

interface TableParts {
  readonly label: string;
  readonly heads: readonly Head[];
  readonly class?: string;
  /** The rows. */
  readonly children: ComponentChildren;
}

export function Table({ label, heads, class: look, children }: TableParts) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keyboard
    <section class="scroll" aria-label={label} tabIndex={0}>
      <table class={look}>
        <thead>
          <tr>{heads.map(headCell)}</tr>
        </thead>
        <tbody>{children}</tbody>
      </table>
    </section>
  );
}

function headCell(head: Head, n: number) {
  if (typeof head === 'string')
    return (
      <th key={n} scope="col">
        {head}
      </th>
    );
  return 'number' in head ? (
    <th key={n} scope="col" class="number">
      {head.number}
    </th>
  ) : (
    <th key={n} scope="col">
      <span class="hidden">{head.hidden}</span>
    </th>
  );
}

/** The first cell of a row. */
export function RowName({ children }: { readonly children: ComponentChildren }) {
  return (
    <th scope="row" class="run">
      {children}
    </th>
  );
}
