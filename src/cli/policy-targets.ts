/** What `--policy` names: uniform, always:ACTION, columns of the log, a table, or a saved recommender. */
import { statSync } from 'node:fs';
import { DeepTasteError } from '../core/errors.ts';
import type { Decisions } from '../policy/log/decisions.ts';
import { type RunPolicyOptions, runPolicy } from '../policy/targets/run-policy.ts';
import { columnPolicy, columnsPolicy, constantPolicy, uniformPolicy } from '../policy/targets/simple-policies.ts';
import { tablePolicy } from '../policy/targets/table-policy.ts';
import type { TargetPolicy } from '../policy/targets/target-policy.ts';
import { Recommender } from '../recommender/recommender.ts';
import { engineForOne } from './open-engine.ts';

type Named =
  | { readonly kind: 'uniform' }
  | { readonly kind: 'always'; readonly action: string }
  | { readonly kind: 'columns'; readonly beginning: string }
  | { readonly kind: 'run' | 'table'; readonly path: string }
  | { readonly kind: 'column'; readonly column: string };

/** A path that is there is a run or a table; what is nothing else is a column. */
export function namedPolicy(text: string): Named {
  if (text === 'uniform') return { kind: 'uniform' };
  if (text.startsWith('always:')) return { kind: 'always', action: text.slice('always:'.length) };
  if (text.endsWith('*') && text.length > 1) return { kind: 'columns', beginning: text.slice(0, -1) };
  const found = statSync(text, { throwIfNoEntry: false });
  if (found?.isDirectory()) return { kind: 'run', path: text };
  if (found?.isFile()) return { kind: 'table', path: text };
  if (/[/\\]/.test(text))
    throw new DeepTasteError(
      'usage',
      `--policy ${text}: must be a run or a table that is there, found none; check the path`,
    );
  return { kind: 'column', column: text };
}

/** Columns of numbers that the log is to be read with. */
export function columnsOf(policies: readonly Named[]): string[] {
  return policies.flatMap((policy) =>
    policy.kind === 'column' ? [policy.column] : policy.kind === 'columns' ? [`${policy.beginning}*`] : [],
  );
}

export async function targetPolicy(
  decisions: Decisions,
  named: Named,
  ofRuns: Omit<RunPolicyOptions, 'name'> = {},
): Promise<TargetPolicy> {
  switch (named.kind) {
    case 'uniform':
      return uniformPolicy(decisions);
    case 'always':
      return constantPolicy(decisions, named.action);
    case 'columns':
      return columnsPolicy(decisions, named.beginning);
    case 'column':
      return columnPolicy(decisions, named.column);
    case 'table':
      return tablePolicy(decisions, named.path);
    case 'run': {
      const recommender = await Recommender.load(named.path, engineForOne());
      try {
        return runPolicy(decisions, recommender, { ...ofRuns, name: named.path });
      } finally {
        recommender.close();
      }
    }
  }
}
