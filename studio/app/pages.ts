/** The pages, in the order of the navigation. A page is a module of its own, loaded when it is opened first. */
import type { ComponentType } from 'preact';

export interface Page {
  /** As in the address: `#/try`. */
  readonly path: string;
  readonly title: string;
  load(): Promise<{ readonly default: ComponentType }>;
}

export const pages: readonly Page[] = [
  { path: 'try', title: 'Try', load: () => import('../try/page.tsx') },
  { path: 'look', title: 'Look', load: () => import('../look/page.tsx') },
  { path: 'data', title: 'Data', load: () => import('../data/page.tsx') },
  { path: 'operate', title: 'Operate', load: () => import('../operate/page.tsx') },
];
