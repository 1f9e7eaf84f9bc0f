/** The shell: navigation, theme, the key, and the page that the address names. */
import type { ComponentType } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { hashOf, useAddress } from './address.ts';
import { waitBegins } from './busy.ts';
import { KeyEntry } from './key-entry.tsx';
import { type Page, pages } from './pages.ts';
import { keyIsWanted, onKey } from './server.ts';
import { chooseTheme, chosenTheme, THEMES, type Theme } from './theme.ts';

export function App() {
  const { page: path } = useAddress();
  const page = pages.find((each) => each.path === path) ?? pages[0];
  const [nKeys, setKeys] = useState(0);
  useEffect(() => onKey(() => setKeys((n) => n + 1)), []);
  return (
    <>
      <button type="button" class="skip" onClick={() => document.getElementById('main')?.focus()}>
        Skip to the page
      </button>
      <header class="bar">
        <a class="brand" href={hashOf({ page: pages[0].path, query: {} })}>
          <img src="./icon.svg" alt="" width="26" height="26" />
          <span>
            DeepTaste <em>Studio</em>
          </span>
        </a>
        <nav aria-label="Pages">
          {pages.map((each) => (
            <a
              key={each.path}
              href={hashOf({ page: each.path, query: {} })}
              aria-current={each === page ? 'page' : undefined}
            >
              {each.title}
            </a>
          ))}
        </nav>
        <div class="bar-end">
          <a href="docs">API</a>
          <ThemeChoice />
        </div>
      </header>
      <main id="main" tabIndex={-1}>
        {keyIsWanted() ? <KeyEntry /> : <Opened key={`${page.path} ${nKeys}`} page={page} />}
      </main>
    </>
  );
}

function Opened({ page }: { readonly page: Page }) {
  const [content, setContent] = useState<{ readonly Content: ComponentType } | null>(null);
  const [error, setError] = useState<string | null>(null);
  useEffect(() => {
    document.title = `${page.title} · DeepTaste Studio`;
    const waitEnds = waitBegins();
    page
      .load()
      .then(
        ({ default: Content }) => setContent({ Content }),
        () => setError('This page could not be loaded; is the server still running?'),
      )
      .finally(waitEnds);
  }, [page]);
  if (error !== null)
    return (
      <p class="problem" role="alert">
        {error}
      </p>
    );
  return content && <content.Content />;
}

function ThemeChoice() {
  const [theme, setTheme] = useState(chosenTheme);
  return (
    <select
      aria-label="Colours"
      value={theme}
      onChange={(event) => {
        const chosen = event.currentTarget.value as Theme;
        chooseTheme(chosen);
        setTheme(chosen);
      }}
    >
      {THEMES.map((each) => (
        <option key={each} value={each}>
          {each[0].toUpperCase() + each.slice(1)}
        </option>
      ))}
    </select>
  );
}
