/** Who may ask: keys are made, shown once, and ended. */
import type { Client } from 'deeptaste/client';
import { useState } from 'preact/hooks';
import { useAnswer } from '../app/answer.ts';
import { enterKey } from '../app/server.ts';
import { Choice, Field } from '../parts/field.tsx';
import { moment } from '../parts/numbers.ts';
import { Problem } from '../parts/problem.tsx';
import { RowName, Table } from '../parts/table.tsx';
import { useWork } from '../parts/work.ts';

type Access = Awaited<ReturnType<Client['keys']>>['keys'][number]['access'];

const LEVELS: readonly { readonly value: Access; readonly text: string }[] = [
  { value: 'read', text: 'read: ask and look' },
  { value: 'write', text: 'write: tell, too' },
  { value: 'admin', text: 'admin: run the server, too' },
];

/** The newest key: a page that begins anew with the first one still shows it, until it is loaded again. */
let shownOnce: string | null = null;

export function Keys() {
  const [changes, setChanges] = useState(0);
  const [fresh, setFresh] = useState(shownOnce);
  const [chosen, setChosen] = useState<Access | null>(null);
  const [name, setName] = useState('');
  const { value, error } = useAnswer((client) => client.keys(), [changes]);
  const work = useWork();
  const keys = value?.keys ?? [];
  // the first one must be of admin
  const access = chosen ?? (keys.length === 0 ? 'admin' : 'read');
  const changed = (): void => setChanges((n) => n + 1);
  const make = (): Promise<void> =>
    work.start(
      (client) => client.addKey({ access, name }),
      ({ key }) => {
        shownOnce = key;
        setFresh(key);
        setName('');
        setChosen(null);
        // the first key closes the server: this page goes on with it
        if (keys.length === 0) enterKey(key);
        changed();
      },
    );
  return (
    <section class="card stack">
      <div>
        <h2>Keys</h2>
        <p class="note">
          {keys.length === 0
            ? 'While there is none, everybody on this machine may do everything. The first one must be of admin; from then on the server asks for keys.'
            : 'Who asks with the header “Authorization: Bearer KEY” may do what the key allows.'}
        </p>
      </div>
      <Problem text={error ?? work.problem} />
      {fresh !== null && (
        <p class="fresh" role="status">
          The new key, shown this once: <code>{fresh}</code>
        </p>
      )}
      {keys.length > 0 && (
        <Table label="Keys, a table" heads={['Name', 'May', 'Made', { hidden: 'Ending it' }]}>
          {keys.map((key) => (
            <tr key={key.id}>
              <RowName>{key.name === '' ? key.id : key.name}</RowName>
              <td>{key.access}</td>
              <td class="muted">{moment(key.created)}</td>
              <td class="end">
                <button
                  type="button"
                  disabled={work.isGoingOn}
                  aria-label={`End it: the key ${key.name === '' ? key.id : key.name}`}
                  onClick={() => work.start((client) => client.deleteKey(key.id), changed)}
                >
                  End it
                </button>
              </td>
            </tr>
          ))}
        </Table>
      )}
      <form
        class="settings"
        onSubmit={(event) => {
          event.preventDefault();
          make();
        }}
      >
        <Field id="key-name" label="Whose it is">
          <input
            id="key-name"
            type="text"
            autocomplete="off"
            value={name}
            onInput={(event) => setName(event.currentTarget.value)}
          />
        </Field>
        <Choice
          id="key-access"
          label="What it may do"
          value={access}
          options={LEVELS}
          choose={(level) => setChosen(level as Access)}
        />
        <div class="field bottom">
          <button type="submit" disabled={work.isGoingOn}>
            Make a key
          </button>
        </div>
      </form>
    </section>
  );
}
