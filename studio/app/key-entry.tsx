/** Shown where the server wants a key. */
import { useState } from 'preact/hooks';
import { enterKey } from './server.ts';

export function KeyEntry() {
  const [key, setKey] = useState('');
  return (
    <form
      class="card key-entry"
      onSubmit={(event) => {
        event.preventDefault();
        if (key.trim() !== '') enterKey(key.trim());
      }}
    >
      <h1>This server asks for a key</h1>
      <p>
        Whoever runs it makes one with <code>deeptaste keys add --access read</code>. It stays in this tab until you
        close it.
      </p>
      <label for="key">Key</label>
      <div class="row">
        <input
          id="key"
          type="password"
          autocomplete="off"
          value={key}
          onInput={(event) => setKey(event.currentTarget.value)}
        />
        <button type="submit" class="primary">
          Open
        </button>
      </div>
    </form>
  );
}
