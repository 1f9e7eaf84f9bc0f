/** Where a table is dropped, or chosen from the disk. */
import { useState } from 'preact/hooks';
import { bytes } from '../parts/numbers.ts';
import { Problem } from '../parts/problem.tsx';
import { useWork } from '../parts/work.ts';
import type { Chosen } from './page.tsx';

interface EntryParts {
  readonly mostBytes: number;
  choose(chosen: Chosen): void;
}

export function TableEntry({ mostBytes, choose }: EntryParts) {
  const [isOver, setOver] = useState(false);
  const [name, setName] = useState('');
  const work = useWork();
  const take = (file: File | undefined): void => {
    if (!file) return;
    setName(file.name);
    work.start(
      (client) => client.upload(file.name, file),
      (upload) => choose({ upload, read: {} }),
    );
  };
  return (
    <section
      class={`card drop ${isOver ? 'over' : ''}`}
      aria-label="A table to look at"
      onDragOver={(event) => {
        event.preventDefault();
        setOver(true);
      }}
      onDragLeave={() => setOver(false)}
      onDrop={(event) => {
        event.preventDefault();
        setOver(false);
        take(event.dataTransfer?.files[0]);
      }}
    >
      <div>
        <h2>Drop a table here</h2>
        <p class="note">
          CSV, TSV, JSON lines or Parquet, up to {bytes(mostBytes)}: a row for everything that somebody took. Columns
          are recognised by their names and values.
        </p>
      </div>
      <div class="row entry">
        <label class="file">
          <span class="hidden">A table from your disk</span>
          <input
            id="table"
            type="file"
            accept=".csv,.tsv,.json,.jsonl,.parquet"
            disabled={work.isGoingOn}
            onChange={(event) => take(event.currentTarget.files?.[0])}
          />
        </label>
        <button type="button" disabled={work.isGoingOn} onClick={() => choose({ upload: null })}>
          Take the film club
        </button>
      </div>
      <div aria-live="polite">{work.isGoingOn && <p class="note">Reading {name} …</p>}</div>
      <Problem text={work.problem} />
    </section>
  );
}
