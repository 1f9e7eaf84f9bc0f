/** The closed table of the kinds of examples that models are trained on. */
import type { Examples } from './model.ts';
import { pairs } from './pairs.ts';
import { rows } from './rows.ts';
import { sessions } from './sessions.ts';
import { windows } from './windows.ts';

export const exampleKinds: readonly Examples[] = [pairs, rows, sessions, windows];
