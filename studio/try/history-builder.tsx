/** A history of somebody without a name: items are found by title and added by a click. */
import { useState } from 'preact/hooks';
import { changeQuery } from '../app/address.ts';
import { useAnswer } from '../app/answer.ts';
import { Field } from '../parts/field.tsx';
import { Problem } from '../parts/problem.tsx';
import { historyOf, historyText, type Model, type Tried } from './request.ts';

/** Items that are offered; without a search, examples only. */
const MOST = 8;
const FEW = 4;

interface HistoryParts {
  readonly tried: Tried;
  readonly model: Model;
}

export function HistoryBuilder({ tried, model }: HistoryParts) {
  const [text, setText] = useState('');
  const search = text.trim();
  const found = useAnswer(
    (client) => client.items({ search, limit: 50, model: model.name }),
    [search, model.name],
    150,
  );
  const ids = historyOf(tried);
  const titles = useAnswer(
    (client) =>
      Promise.all(
        ids.map((id) =>
          client.item(id, { model: model.name }).then(
            ({ title }) => title,
            () => id,
          ),
        ),
      ),
    [tried.history, model.name],
  );
  const set = (next: readonly string[]): void => changeQuery({ history: historyText(next), user: '' });
  const offered = [...(found.value?.items ?? [])]
    .filter(({ id, available }) => available && !ids.includes(id))
    .sort((a, b) => b.popularity - a.popularity)
    .slice(0, search === '' ? FEW : MOST);
  return (
    <div class="stack tight">
      {ids.length > 0 && (
        <ol class="history built" aria-label="The history, the oldest first">
          {ids.map((id, place) => (
            <li key={id}>
              <span>{titles.value?.[place] ?? id}</span>
              <button
                type="button"
                class="plain"
                aria-label={`Remove ${titles.value?.[place] ?? id}`}
                onClick={() => set(ids.filter((each) => each !== id))}
              >
                ×
              </button>
            </li>
          ))}
        </ol>
      )}
      <Field id="item" label={ids.length === 0 ? 'What did they take?' : 'And what else?'}>
        <input
          id="item"
          type="search"
          autocomplete="off"
          placeholder="part of a title"
          value={text}
          onInput={(event) => setText(event.currentTarget.value)}
        />
      </Field>
      <Problem text={found.error} />
      <div class="found">
        {offered.map(({ id, title }) => (
          <button
            key={id}
            type="button"
            onClick={() => {
              set([...ids, id]);
              setText('');
            }}
          >
            <span class="muted">+</span> {title}
          </button>
        ))}
        {found.value && offered.length === 0 && <p class="note">No title has that.</p>}
      </div>
    </div>
  );
}
