/** Light or dark: as the system says, unless somebody chose here. */
export const THEMES = ['system', 'light', 'dark'] as const;
export type Theme = (typeof THEMES)[number];

const PLACE = 'deeptaste-theme';

export function chosenTheme(): Theme {
  const kept = localStorage.getItem(PLACE);
  return THEMES.find((theme) => theme === kept) ?? 'system';
}

export function chooseTheme(theme: Theme): void {
  if (theme === 'system') localStorage.removeItem(PLACE);
  else localStorage.setItem(PLACE, theme);
  showTheme();
}

/** The colours follow `color-scheme`, see tokens.css. */
export function showTheme(): void {
  document.documentElement.dataset.theme = chosenTheme();
}
