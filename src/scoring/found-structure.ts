/** What a search has left of a model's parts: pairs of fields, or fields. */

export interface FoundStructure {
  /** What the parts are called: `pairs of fields`. */
  readonly unit: string;
  /** What their numbers are called: `gate`. */
  readonly weight: string;
  readonly parts: readonly FoundPart[];
}

export interface FoundPart {
  readonly name: string;
  readonly weight: number;
  readonly isKept: boolean;
}

/** The parts that were kept, greatest weight first, then the others in their order. */
export function sortedParts({ parts }: FoundStructure): FoundPart[] {
  const kept = parts.filter(({ isKept }) => isKept).sort((a, b) => Math.abs(b.weight) - Math.abs(a.weight));
  return [...kept, ...parts.filter(({ isKept }) => !isKept)];
}

/** `21 of 45 pairs of fields kept (47 %)` */
export function shareKept({ parts, unit }: FoundStructure): string {
  const kept = parts.filter(({ isKept }) => isKept).length;
  return `${kept} of ${parts.length} ${unit} kept (${Math.round((100 * kept) / parts.length)} %)`;
}

/** Parts that are named in a line of the log. */
const NAMED = 12;

/** What a training says of what it found, a line each. */
export function foundLines(found: FoundStructure): string[] {
  const names = sortedParts(found).flatMap(({ name, isKept }) => (isKept ? [name] : []));
  const rest = names.length > NAMED ? ` and ${names.length - NAMED} more` : '';
  return [`search: ${shareKept(found)}${names.length > 0 ? `: ${names.slice(0, NAMED).join(', ')}${rest}` : ''}`];
}
