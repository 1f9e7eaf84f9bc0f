/** What `deeptaste policy evaluate` does: reads a log, makes the policies, and says what they are worth. */
import { DeepTasteError } from '../core/errors.ts';
import { RandomStream } from '../core/random.ts';
import type { Engine } from '../engine/runtime/engine.ts';
import { findModelOf } from '../models/index.ts';
import { evaluatePolicies } from '../policy/evaluate-policies.ts';
import { renderPolicies } from '../policy/evaluation-table.ts';
import type { Decisions } from '../policy/log/decisions.ts';
import { type LogOptions, readDecisions } from '../policy/log/read-log.ts';
import { meanRewards } from '../policy/rewards/mean-rewards.ts';
import { modelRewards } from '../policy/rewards/model-rewards.ts';
import type { RewardModel } from '../policy/rewards/reward-model.ts';
import type { TargetPolicy } from '../policy/targets/target-policy.ts';
import { parseAssignment } from './assignments.ts';
import { defined, layoutOf } from './data-flags.ts';
import type { LogRoleFlags, PolicyEvaluateFlags } from './flags.ts';
import { openEngine } from './open-engine.ts';
import { columnsOf, namedPolicy, targetPolicy } from './policy-targets.ts';
import type { Terminal } from './terminal.ts';

export async function evaluateByLog(terminal: Terminal, files: string[], flags: PolicyEvaluateFlags): Promise<void> {
  const { policy: texts = ['uniform'], interval, seed, temperature, excludeSeen } = flags;
  const named = texts.map(namedPolicy);
  const settings = rewardSettings(flags);
  const unused = unusedFlag(
    flags,
    named.map(({ kind }) => kind),
  );
  if (unused !== null) throw new DeepTasteError('usage', unused);
  const progress = await terminal.progress();
  const reading = progress.start('reading the log');
  const decisions = await readDecisions(files, { ...logOptionsOf(flags), numbers: columnsOf(named) });
  reading.end(`${decisions.length.toLocaleString('en-US')} rows, ${decisions.actions.length} actions`);
  const policies: TargetPolicy[] = [];
  for (const each of named)
    policies.push(await targetPolicy(decisions, each, { temperature, includeSeen: !excludeSeen }));
  const engine = settings === null || flags.rewardModel === 'mean' ? null : openEngine(flags, progress);
  try {
    const evaluation = await evaluatePolicies(decisions, policies, {
      random: new RandomStream(seed, 'policy evaluation'),
      rewards: settings && rewardModel(engine, decisions, flags.rewardModel, settings),
      folds: flags.folds,
      interval,
      level: flags.level,
      bounds: { minEss: flags.minEss, maxUnseen: flags.maxUnseen, minRewarded: flags.minRewarded },
      segments: flags.segments,
      estimator: flags.estimator,
      baseline: flags.baseline,
      progress,
    });
    for (const note of evaluation.notes) terminal.note(note);
    terminal.print(renderPolicies(evaluation));
    terminal.document({ seed, ...evaluation });
  } finally {
    engine?.close();
  }
}

/** What is wrong with a flag that nothing looks at; null = there is none. */
function unusedFlag(
  { temperature, excludeSeen, folds, rewardModel }: PolicyEvaluateFlags,
  kinds: readonly string[],
): string | null {
  const ofRuns = temperature !== undefined ? '--temperature' : excludeSeen ? '--exclude-seen' : null;
  if (ofRuns !== null && !kinds.includes('run'))
    return `${ofRuns}: is about policies that are runs, found none; leave it out, or say --policy RUN`;
  if (folds !== undefined && rewardModel === 'none')
    return '--folds: are those of the reward model, found --reward-model none; leave one of them out';
  return null;
}

interface RewardSettings {
  readonly config: object;
  readonly training: object;
  readonly features: object;
}

/** Null = no model. @throws 'usage' for a setting of another section, or of a model that has none; 'not-found' for no model over fields */
function rewardSettings({ rewardModel: name, set = [] }: PolicyEvaluateFlags): RewardSettings | null {
  const settings = { config: {}, training: {}, features: {} };
  const isPlain = name === 'none' || name === 'mean';
  if (!isPlain) findModelOf('rows', name);
  for (const text of set) {
    const { path, value, key } = parseAssignment(text, name);
    if (isPlain)
      throw new DeepTasteError('usage', `--set ${text}: --reward-model ${name} has no settings; leave it out`);
    if (!(path[0] in settings) || path.length < 2)
      throw new DeepTasteError(
        'usage',
        `--set ${text}: "${key}" must be an option of ${name}, or a setting of training or features`,
      );
    let inner: Record<string, unknown> = settings;
    for (const part of path.slice(0, -1)) {
      inner[part] ??= {};
      inner = inner[part] as Record<string, unknown>;
    }
    inner[path[path.length - 1]] = value;
  }
  return name === 'none' ? null : settings;
}

function rewardModel(
  engine: Engine | null,
  decisions: Decisions,
  model: string,
  settings: RewardSettings,
): RewardModel {
  return engine === null ? meanRewards(decisions) : modelRewards(engine, decisions, { model, ...settings });
}

function logOptionsOf(flags: PolicyEvaluateFlags): LogOptions {
  const { context, behaviour, rewardRange, ...roles } = flags;
  const single = ['action', 'reward', 'propensity', 'position', 'list', 'time'] as const;
  const columns = Object.fromEntries(
    single.filter((role) => roles[role] !== undefined).map((role) => [role, named(roles[role])]),
  );
  return {
    ...layoutOf(flags),
    columns: {
      ...columns,
      ...(context !== undefined && context !== true && { context: context === false ? null : context }),
    },
    ...defined({ behaviour }),
    ...(rewardRange && { rewardRange: rangeOf(rewardRange) }),
  };
}

/** `--no-…` leaves false, where nothing is said commander leaves true. */
function named(value: LogRoleFlags[keyof LogRoleFlags]): string | null | undefined {
  return typeof value === 'string' ? value : value === false ? null : undefined;
}

function rangeOf(parts: readonly string[]): [number, number] {
  const [low, high] = parts.map(Number);
  if (parts.length === 2 && low < high) return [low, high];
  throw new DeepTasteError(
    'usage',
    `--reward-range: must be the lowest and the highest reward, such as 0,1, found ${parts.join(',')}`,
  );
}
