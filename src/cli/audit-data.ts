/** What `deeptaste audit` does: reads the data, audits them with the victim that is asked for, prints a page and writes its files. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { inspectArtifact } from '../artifact/artifact.ts';
import { checkFolderPlace } from '../artifact/output-place.ts';
import { writeFileAtomic } from '../core/atomic-file.ts';
import { DeepTasteError } from '../core/errors.ts';
import { findModel } from '../models/index.ts';
import { attackNamed } from '../robustness/attacks/index.ts';
import { type Audit, audit, checkPushing } from '../robustness/audit/audit.ts';
import { auditMarkdown, auditText } from '../robustness/audit/audit-page.ts';
import { TRUST } from '../robustness/audit/cost.ts';
import { readProfileLabels } from '../robustness/detection/labels.ts';
import { checkVictim } from '../robustness/victims.ts';
import { prepareSplit } from '../tasks/prepare-split.ts';
import { parseRunSettings, type RunSettings, taskOfRun } from '../tasks/ranking-settings.ts';
import { dataOf } from './data-flags.ts';
import type { AuditFlags } from './flags.ts';
import { openEngine } from './open-engine.ts';
import { runInputOf } from './run-flags.ts';
import { settingsOfStored } from './settings-of-stored.ts';
import { writeTable } from './table-file.ts';
import type { Terminal } from './terminal.ts';

/** Is trained in seconds, and follows the data closely. */
const DEFAULT_MODEL = 'item-knn';
const NO_MODEL = 'none';

export async function auditData(terminal: Terminal, files: readonly string[], flags: AuditFlags): Promise<void> {
  const { out, run, model = DEFAULT_MODEL, labels: labelFile, attack, threshold, seed } = flags;
  if (run !== undefined && flags.model !== undefined)
    throw new DeepTasteError(
      'usage',
      'audit: --run names the model that is pushed, found --model beside it; leave one out',
    );
  attackNamed(attack);
  if (out !== undefined) await checkFolderPlace(out);
  const settings = run === undefined ? settingsOf(files, model, flags) : await settingsOfRun(run, files, flags);
  const isPushed = run !== undefined || model !== NO_MODEL;
  if (isPushed) checkPushing(settings, attack, true);
  const progress = await terminal.progress();
  const task = progress.start('reading the data');
  const split = await prepareSplit(settings, progress, taskOfRun(settings) === 'rating' ? 'examples' : 'pairs');
  task.end(`${split.dataset.users.size} users × ${split.dataset.items.size} items`);
  for (const warning of split.dataset.warnings) progress.log(`warning: ${warning}`);
  const labels = labelFile === undefined ? undefined : await readProfileLabels(labelFile, split.dataset.users);
  const engine = openEngine(flags, progress);
  try {
    const victim = isPushed ? settings : null;
    const found = await audit({ engine, split, victim, attack, labels, threshold, seed, progress });
    terminal.print(auditText(found));
    if (out !== undefined) {
      await writeFiles(out, found);
      terminal.print(`\nwritten to ${out}: audit.md, audit.json, trust.csv`);
    }
    terminal.document(documentOf(found));
  } finally {
    engine.close();
  }
}

function settingsOf(files: readonly string[], model: string, flags: AuditFlags): RunSettings {
  const named = findModel(model === NO_MODEL ? 'popularity' : model);
  checkVictim({ model: named.name });
  return parseRunSettings({ ...runInputOf(named, flags), data: dataOf(files, flags), model: named.name }, 'audit');
}

async function settingsOfRun(path: string, files: readonly string[], flags: AuditFlags): Promise<RunSettings> {
  const manifest = await inspectArtifact(path);
  checkVictim({ model: manifest.model.name });
  const { model: _, ...others } = flags;
  return (await settingsOfStored(path, manifest, { ...others, data: files }, 'audit')) as RunSettings;
}

/** The trust in everybody is in the table. */
function documentOf({ trust: _, ...document }: Audit) {
  return document;
}

async function writeFiles(out: string, found: Audit): Promise<void> {
  await mkdir(out, { recursive: true });
  await writeFileAtomic(join(out, 'audit.md'), `${auditMarkdown(found).trimEnd()}\n`);
  await writeFileAtomic(join(out, 'audit.json'), `${JSON.stringify(documentOf(found), null, 2)}\n`);
  const columns = [
    { name: 'user', type: 'text' },
    { name: TRUST, type: 'number' },
  ] as const;
  await writeTable(join(out, 'trust.csv'), columns, async (sink) => {
    for (const [user, trust] of found.trust) await sink.add([user, trust]);
  });
}
