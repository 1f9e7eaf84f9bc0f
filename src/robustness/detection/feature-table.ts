/** The features of everybody side by side, and as a data set of one row a person, so that our own models learn from them. */
import type { Progress } from '../../core/progress.ts';
import { silent } from '../../core/progress.ts';
import type { Dataset } from '../../data/dataset.ts';
import type { ColumnSchema } from '../../data/schema.ts';
import { Vocabulary } from '../../data/vocabulary.ts';
import { type FeatureContext, hasWhatItNeeds, type ProfileFeature } from './features/feature.ts';
import { profileFeatures } from './features/index.ts';
import type { Profiles } from './profiles.ts';

export interface FeatureColumn {
  readonly feature: ProfileFeature;
  /** [nUsers] */
  readonly values: Float64Array;
}

/** All features that the rows allow. */
export function featureTable(
  profiles: Profiles,
  context: FeatureContext,
  progress: Progress = silent,
  features: readonly ProfileFeature[] = profileFeatures,
): FeatureColumn[] {
  const allowed = features.filter((feature) => hasWhatItNeeds(feature, profiles));
  const task = progress.start('features of profiles', allowed.length, 'features');
  const table = allowed.map((feature, n) => {
    const values = feature.of(profiles, { ...context, random: context.random.child(feature.name) });
    task.update(n + 1);
    return { feature, values };
  });
  task.end(`${allowed.length} features`);
  return table;
}

/**
 * A row for each person with the features as columns.
 * @param labels [people] 1 = fake, 0 = real
 */
export function profileDataset(
  name: string,
  table: readonly FeatureColumn[],
  people: Int32Array,
  labels: Float32Array,
): Dataset {
  const columns = table.map(
    ({ feature }): ColumnSchema => ({
      name: feature.name,
      role: 'field',
      kind: 'numeric',
      owner: 'interaction',
      guessed: false,
    }),
  );
  const none = { fields: [], title: null };
  return {
    name,
    users: new Vocabulary(['']),
    items: new Vocabulary(['']),
    interactions: {
      length: people.length,
      userIndex: new Int32Array(people.length),
      itemIndex: new Int32Array(people.length),
      rating: labels,
      time: null,
      session: null,
      context: table.map(({ feature, values }) => ({
        name: feature.name,
        kind: 'numeric',
        value: Float64Array.from(people, (user) => values[user]),
      })),
    },
    userFields: { nRows: 1, ...none },
    itemFields: { nRows: 1, ...none },
    social: null,
    schema: { columns },
    label: { column: 'fake', positive: '1' },
    unnamed: ['user', 'item'],
    hash: '',
    warnings: [],
  };
}
