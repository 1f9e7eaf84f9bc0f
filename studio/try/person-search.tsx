/** Finds people by their ids, and by the titles of what they took. */
import { useState } from 'preact/hooks';
import { changeQuery } from '../app/address.ts';
import { useAnswer } from '../app/answer.ts';
import { Field } from '../parts/field.tsx';
import { count } from '../parts/numbers.ts';
import { Problem } from '../parts/problem.tsx';
import type { Model } from './request.ts';

const MOST = 6;
const MOST_TAKERS = 12;

interface Title {
  readonly id: string;
  readonly title: string;
}

export function PersonSearch({ model }: { readonly model: Model }) {
  const [text, setText] = useState('');
  const [taken, setTaken] = useState<Title | null>(null);
  const search = text.trim();
  const found = useAnswer(
    search === ''
      ? null
      : async (client) => {
          const [people, titles] = await Promise.all([
            client.users({ search, limit: MOST, model: model.name }),
            client.items({ search, limit: MOST, model: model.name }),
          ]);
          return { people: people.users, titles: titles.items };
        },
    [search, model.name],
    150,
  );
  const choose = (user: string): void => {
    changeQuery({ user, history: '' });
    setText('');
    setTaken(null);
  };
  return (
    <div class="stack tight">
      <Field id="person" label="Find somebody">
        <input
          id="person"
          type="search"
          autocomplete="off"
          placeholder="an id, or a title they took"
          value={text}
          onInput={(event) => {
            setText(event.currentTarget.value);
            setTaken(null);
          }}
        />
      </Field>
      <Problem text={found.error} />
      {search !== '' && found.value && taken === null && (
        <div class="found">
          {found.value.people.map(({ id }) => (
            <button key={id} type="button" onClick={() => choose(id)}>
              {id}
            </button>
          ))}
          {found.value.titles
            .filter(({ popularity }) => popularity > 0)
            .map(({ id, title }) => (
              <button key={id} type="button" onClick={() => setTaken({ id, title })}>
                <span class="muted">took</span> {title}
              </button>
            ))}
          {found.value.people.length + found.value.titles.length === 0 && <p class="note">Nobody, and nothing.</p>}
        </div>
      )}
      {taken !== null && <Takers item={taken} model={model} choose={choose} />}
    </div>
  );
}

interface TakersParts {
  readonly item: Title;
  readonly model: Model;
  choose(user: string): void;
}

function Takers({ item, model, choose }: TakersParts) {
  const { value, error } = useAnswer(
    (client) => client.users({ item: item.id, limit: MOST_TAKERS, model: model.name }),
    [item.id, model.name],
  );
  if (value === null) return <Problem text={error} />;
  return (
    <div class="found">
      <p class="small">
        {value.users.length === MOST_TAKERS
          ? 'Some of those who took'
          : `${count(value.users.length, 'person', 'people')} took`}{' '}
        <strong>{item.title}</strong>
      </p>
      <div class="chips">
        {value.users.map(({ id }) => (
          <button key={id} type="button" onClick={() => choose(id)}>
            {id}
          </button>
        ))}
      </div>
    </div>
  );
}
