/** A list of recommendations: titles, reasons, scores, the route by which each came, and how it moved from another list. */
import { percent, score } from '../parts/numbers.ts';
import { useItemLines } from './item-lines.ts';
import type { Item, Model, Recommendations } from './request.ts';

interface ListParts {
  readonly model: Model;
  readonly answer: Recommendations;
  /** The list that this one is compared with. */
  readonly beside: Recommendations | null;
  /** Whether another list is on its way. */
  readonly isStale: boolean;
}

export function List({ model, answer, beside, isStale }: ListParts) {
  const { items } = answer;
  const lines = useItemLines(
    items.map(({ id }) => id),
    model.name,
  );
  const best = new Map<string, number>();
  for (const { route, score: value } of items) best.set(route, Math.max(best.get(route) ?? 0, value));
  return (
    <section class={isStale ? 'card list stale' : 'card list'} aria-label={`Recommendations of ${model.title}`}>
      <header>
        <h2>{model.title}</h2>
        <p class="small muted">{answer.how === 'trained' ? 'as training knew the person' : answer.how}</p>
        {answer.variant !== null && (
          <p class="small muted">
            scenario {answer.scenario}, variant {answer.variant}
          </p>
        )}
      </header>
      {items.length === 0 && <p class="note">Nothing fulfils all conditions.</p>}
      <ol>
        {items.map((item, place) => (
          <Row
            key={item.id}
            {...{ item, place }}
            line={lines.get(item.id) ?? ''}
            share={item.score / (best.get(item.route) || 1)}
            move={beside && moveOf(item, place, beside)}
          />
        ))}
      </ol>
      {answer.notes.map((note) => (
        <p key={note} class="note">
          {note}
        </p>
      ))}
    </section>
  );
}

interface RowParts {
  readonly item: Item;
  readonly place: number;
  readonly line: string;
  /** Of the best score by the same route: scores of different routes do not compare. */
  readonly share: number;
  readonly move: Move | null;
}

function Row({ item, place, line, share, move }: RowParts) {
  return (
    <li data-item={item.id}>
      <span class="place">{place + 1}</span>
      <div class="what">
        <p class="title">{item.title}</p>
        <p class="tiny muted">
          <span class={`badge route-${item.route}`} title={routes[item.route]}>
            {item.route}
          </span>{' '}
          {item.probability < 1 && <span class="drawn">p = {percent(item.probability, 1)}</span>} {line}
        </p>
      </div>
      <div class="how">
        {move && <span class={`move ${move.kind}`}>{move.text}</span>}
        <span class="score">{score(item.score)}</span>
        <span class="bar-of-score" aria-hidden="true">
          <span style={{ width: `${Math.max(0, Math.min(1, share)) * 100}%` }} />
        </span>
      </div>
      {item.because.length > 0 && (
        <p class="because">because of {item.because.map(({ title }) => title).join(' · ')}</p>
      )}
    </li>
  );
}

const routes: Readonly<Record<Item['route'], string>> = {
  model: 'by the model, the person as training knew it',
  'fold-in': 'by the model, from items that training did not have of the person',
  content: 'by what describes the items',
  popular: 'what most people took',
};

interface Move {
  readonly kind: 'up' | 'down' | 'same' | 'new';
  readonly text: string;
}

function moveOf({ id }: Item, place: number, { items }: Recommendations): Move {
  const before = items.findIndex((each) => each.id === id);
  if (before < 0) return { kind: 'new', text: 'new' };
  if (before === place) return { kind: 'same', text: '=' };
  return before > place ? { kind: 'up', text: `▲ ${before - place}` } : { kind: 'down', text: `▼ ${place - before}` };
}
