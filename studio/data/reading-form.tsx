/** How a table is read, beside the roles of its columns: a form made from the schema of the catalogue, folded away. */
import { useState } from 'preact/hooks';
import type { Reading } from './page.tsx';
import { type Schema, saidSettings, settingsOf, type Texts, written } from './schema.ts';
import { SchemaForm } from './schema-form.tsx';

interface FormParts {
  readonly schema: Schema;
  readonly isBusy: boolean;
  /** @param said without the roles of columns, which the table of columns has */
  readAs(said: Reading): void;
}

export function ReadingForm({ schema, isBusy, readAs }: FormParts) {
  const [texts, setTexts] = useState<Texts>(new Map());
  const settings = settingsOf(schema).filter(({ path }) => !path.startsWith('columns'));
  return (
    <details class="more">
      <summary>How the table is read</summary>
      <form
        class="stack"
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          readAs(saidSettings(settings, texts));
        }}
      >
        <SchemaForm
          id="read"
          settings={settings}
          texts={texts}
          write={(path, text) => setTexts(written(texts, path, text))}
        />
        <div class="row">
          <button type="submit" disabled={isBusy}>
            Read it so
          </button>
        </div>
      </form>
    </details>
  );
}
