/** What moved between two models, and why: places in the orders of both, and the reasons of each. */
import { useAnswer } from '../app/answer.ts';
import { Problem } from '../parts/problem.tsx';
import { Table } from '../parts/table.tsx';
import { DEEP, deepRequest, type Item, type Model, type RecommendRequest } from './request.ts';

interface MovesParts {
  readonly request: RecommendRequest;
  readonly beside: RecommendRequest;
  readonly model: Model;
  readonly other: Model;
}

interface Moved {
  readonly id: string;
  readonly title: string;
  /** From 1; null = not among the first. */
  readonly from: number | null;
  readonly to: number | null;
  readonly before: Item | null;
  readonly after: Item | null;
}

/** Items that are shown. */
const MOST = 8;

export function Moves({ request, beside, model, other }: MovesParts) {
  const own = useAnswer(
    (client) => client.recommend(deepRequest(request)),
    [JSON.stringify(deepRequest(request))],
    200,
  );
  const theirs = useAnswer(
    (client) => client.recommend(deepRequest(beside)),
    [JSON.stringify(deepRequest(beside))],
    200,
  );
  if (own.error !== null || theirs.error !== null) return null;
  if (own.value === null || theirs.value === null) return <Problem text={null} />;
  const k = request.k ?? 10;
  const moved = movedItems(own.value.items, theirs.value.items, k);
  const first = (items: readonly Item[]) => items.slice(0, k).map(({ id }) => id);
  const nShared = first(own.value.items).filter((id) => first(theirs.value?.items ?? []).includes(id)).length;
  return (
    <section class="card stack">
      <div>
        <h2>What moved, and why</h2>
        <p class="note">
          {nShared} of the best {k} are the same in both. Places are those in the whole order of each model, before
          diversity and exploration.
        </p>
      </div>
      <Table
        label="What moved"
        heads={['Item', { number: model.title }, { number: other.title }, 'Because of']}
        class="moves"
      >
        {moved.slice(0, MOST).map((each) => (
          <tr key={each.id}>
            <th scope="row">{each.title}</th>
            <td class="number">{placeText(each.from)}</td>
            <td class="number">
              <strong>{placeText(each.to)}</strong>
            </td>
            <td>
              <Reasons model={model} item={each.before} />
              <Reasons model={other} item={each.after} />
            </td>
          </tr>
        ))}
      </Table>
    </section>
  );
}

function Reasons({ model, item }: { readonly model: Model; readonly item: Item | null }) {
  if (item === null || item.because.length === 0) return null;
  return (
    <p class="small">
      <span class="muted">{model.title}:</span> {item.because.map(({ title }) => title).join(' · ')}
    </p>
  );
}

function placeText(place: number | null): string {
  return place === null ? `> ${DEEP}` : String(place);
}

/** Those in one of the lists that moved, the furthest first; what is not among the first counts as next after them. */
function movedItems(before: readonly Item[], after: readonly Item[], k: number): Moved[] {
  const placeIn = (items: readonly Item[], id: string): number | null => {
    const place = items.findIndex((each) => each.id === id);
    return place < 0 ? null : place + 1;
  };
  const shown = new Map([...before.slice(0, k), ...after.slice(0, k)].map((item) => [item.id, item.title]));
  const moved = [...shown].map(([id, title]) => ({
    id,
    title,
    from: placeIn(before, id),
    to: placeIn(after, id),
    before: before.find((each) => each.id === id) ?? null,
    after: after.find((each) => each.id === id) ?? null,
  }));
  const distance = ({ from, to }: Moved) => Math.abs((from ?? DEEP + 1) - (to ?? DEEP + 1));
  return moved.filter((each) => each.from !== each.to).sort((a, b) => distance(b) - distance(a));
}
