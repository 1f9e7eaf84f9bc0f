/** The golden runs: every model of the list on small made data, and what is asked of each afterwards. */

export interface GoldenRun {
  readonly name: string;
  readonly train: readonly string[];
  /** Questions to the trained run, each a command without the folder. */
  readonly ask: readonly (readonly string[])[];
}

const users = [
  'popularity',
  'item-knn',
  'ease',
  'ials',
  'gf-cf',
  'bpr-mf',
  'mf',
  'gmf',
  'mlp',
  'neumf',
  'lightgcn',
  'ultragcn',
  'irgan',
  'kbgan',
];
const ratings = ['bias', 'biased-mf', 'svdpp', 'gmf', 'mlp', 'neumf'];
const friends = ['trustsvd', 'dscf', 'graphrec'];
const sequences = [
  'sequence-popularity',
  'session-popularity',
  'session-item-knn',
  'markov',
  'vsknn',
  'gru4rec',
  'sasrec',
  'caser',
  'reinforce',
];
const fields = [
  'lr',
  'fm',
  'nfm',
  'wide-deep',
  'deepfm',
  'dcn-v2',
  'final-mlp',
  'auto-fm',
  'auto-deepfm',
  'auto-field',
];

/** Settings that keep a run small; all others have their defaults. */
const small: Readonly<Record<string, readonly string[]>> = {
  ials: ['--set', 'factors=8', '--set', 'epochs=3'],
  'bpr-mf': [
    '--set',
    'factors=8',
    '--epochs',
    '4',
    '--set',
    'training.batchSize=256',
    '--set',
    'optimizer.learningRate=0.005',
    '--set',
    'optimizer.l2=0.001',
  ],
  mf: ['--set', 'factors=8', '--epochs', '4'],
  gmf: ['--set', 'factors=8', '--epochs', '4'],
  mlp: ['--epochs', '3'],
  ultragcn: ['--set', 'factors=8', '--epochs', '4', '--set', 'training.batchSize=64', '--set', 'training.negatives=50'],
  irgan: ['--set', 'factors=8', '--set', 'pretrainEpochs=3', '--epochs', '3'],
  kbgan: ['--set', 'factors=8', '--set', 'pretrainEpochs=3', '--epochs', '3'],
  daso: ['--set', 'factors=8', '--set', 'hidden=[8]', '--set', 'pretrainEpochs=3', '--epochs', '3'],
  lightgcn: ['--set', 'factors=8', '--epochs', '4', '--set', 'training.batchSize=256'],
  mhcn: ['--set', 'factors=8', '--epochs', '3', '--set', 'training.batchSize=256'],
  neumf: ['--epochs', '3'],
  'biased-mf': ['--set', 'factors=8', '--epochs', '4'],
  svdpp: ['--set', 'factors=8', '--epochs', '4'],
  trustsvd: ['--set', 'factors=8', '--epochs', '4'],
  dscf: ['--set', 'factors=8', '--set', 'walks=2', '--set', 'steps=3', '--epochs', '2'],
  graphrec: ['--set', 'factors=8', '--set', 'cap=10', '--epochs', '2'],
  gru4rec: ['--set', 'hidden=[16]', '--epochs', '2', '--set', 'training.batchSize=16'],
  sasrec: ['--epochs', '2'],
  caser: ['--epochs', '2', '--set', 'factors=8'],
  reinforce: ['--epochs', '2', '--set', 'factors=8', '--set', 'units=8', '--set', 'maxLength=4'],
  ...Object.fromEntries(fields.map((name) => [name, ['--epochs', '3', '--set', 'training.batchSize=128']])),
};

const fixed = ['--seed', '7', '--kernels', 'simd', '--blas', 'off', '--threads', '1', '--no-final'];

function run(name: string, model: string, flags: readonly string[], ask: GoldenRun['ask']): GoldenRun {
  return { name, train: ['--model', model, ...flags, ...(small[model] ?? []), ...fixed], ask };
}

const ofRatings = ['--data', 'ratings.csv', '--split', 'leave-one-out'];
const forPeople: GoldenRun['ask'] = [
  ['recommend', '--user', 'u3', '-k', '8'],
  ['recommend', '--history', 'i1,i3,i8', '-k', '8'],
];
const ofClicks = ['--data', 'clicks.csv', '--items', 'items.csv', '--split', 'ratio', '--by', 'random'];
const explained: GoldenRun['ask'] = [['explain', '--row', 'user=u3', '--row', 'item=i4', '--row', 'device=phone']];

export const goldenRuns: readonly GoldenRun[] = [
  ...users.map((model) => run(model, model, ofRatings, forPeople)),
  run('daso', 'daso', [...ofRatings, '--social', 'friends.csv'], forPeople),
  ...['ease', 'mf', 'neumf'].map((model) => run(`${model} refit`, model, [...ofRatings, '--refit'], forPeople)),
  ...ratings.map((model) => run(`${model} rating`, model, [...ofRatings, '--task', 'rating'], forPeople)),
  run('mhcn', 'mhcn', [...ofRatings, '--social', 'friends.csv'], forPeople),
  run('lightgcn social', 'lightgcn', [...ofRatings, '--social', 'friends.csv', '--set', 'socialWeight=0.5'], forPeople),
  ...friends.map((model) => run(model, model, [...ofRatings, '--social', 'friends.csv'], forPeople)),
  run('svdpp rating refit', 'svdpp', [...ofRatings, '--task', 'rating', '--refit'], forPeople),
  ...sequences.map((model) =>
    run(
      model,
      model,
      ['--data', 'sessions.csv', '--no-user', '--validation-days', '1'],
      [['recommend', '--history', 'i1,i3,i8', '-k', '8']],
    ),
  ),
  ...fields.map((model) => run(model, model, ofClicks, explained)),
  run('deepfm refit', 'deepfm', [...ofClicks, '--refit'], explained),
  run(
    'fm rating',
    'fm',
    ['--data', 'ratings.csv', '--items', 'items.csv', '--split', 'ratio', '--by', 'random'],
    [['explain', '--row', 'user=u3', '--row', 'item=i4']],
  ),
  run(
    'deepfm ranking',
    'deepfm',
    [...ofRatings, '--items', 'items.csv', '--task', 'ranking'],
    [['recommend', '--user', 'u3', '-k', '8']],
  ),
];
