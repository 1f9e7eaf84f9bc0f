/** The experiments of rankings that are run with several seeds, and their parts of `docs/results/accuracy.md`. */
const recBole = 'RecBole-GNN';

const gcf = 'He et al., SIGIR 2020';
const bars = 'BARS';
const checkpoints = 'published checkpoint';

export const rankingSets = [
  {
    folder: 'lastfm-hetrec',
    heading:
      '## Last.fm (HetRec 2011), with friends\n\nA tenth of the artists of each user each for validation and test, drawn by the seed; all artists ' +
      'ranked but those of training and validation. Published: Recall@10 / NDCG@10, one split of the same kind. Training times were taken on a busy machine.',
    metrics: ['recall@10', 'ndcg@10'],
    splits: true,
    rows: {
      popularity: ['Popularity'],
      'item-knn': ['ItemKNN'],
      ease: ['EASE'],
      ials: ['iALS'],
      'bpr-mf': ['BPR-MF', `.1761 / .1674 (${recBole})`],
      'gf-cf': ['GF-CF'],
      ultragcn: ['UltraGCN'],
      lightgcn: ['LightGCN', `.2064 / .1972 (${recBole})`],
      'lightgcn-social': ['LightGCN with friends'],
      mhcn: ['MHCN', `.2123 / .2068 (${recBole})`],
      daso: ['DASO'],
    },
  },
  {
    folder: 'ciao-implicit',
    heading:
      '## Ciao as clicks, with trust\n\nThe fixed files of EATNN (Chen et al., SIGIR 2019); all items ranked but those of training. Published: the ' +
      "log of EATNN's authors, last epoch, .1752 / .0827 (best of all epochs on the test rows: .1797 / .0822); its recall is divided by min(50, items " +
      'of the user), which differs for three users. Training times were taken on a busy machine.',
    metrics: ['recall@50', 'ndcg@50'],
    rows: {
      popularity: ['Popularity'],
      ease: ['EASE'],
      ials: ['iALS'],
      'bpr-mf': ['BPR-MF'],
      'gf-cf': ['GF-CF'],
      lightgcn: ['LightGCN'],
      'lightgcn-social': ['LightGCN with trust'],
      mhcn: ['MHCN'],
      daso: ['DASO'],
      'daso-candidates': ['DASO, generators draw from a hundred candidates'],
      'daso-discriminator': ['DASO, the discriminator recommends'],
      'daso-no-adversary': ['DASO without games'],
      'daso-no-cycle': ['DASO without the cycle'],
      'daso-no-social': ['DASO, the item domain alone'],
    },
  },
  {
    folder: 'gowalla',
    heading:
      '## Gowalla, the files of LightGCN\n\nAll places ranked but those of training. Published: Recall@20 / NDCG@20. Training times were taken on a busy machine.',
    metrics: ['recall@20', 'ndcg@20'],
    rows: {
      popularity: ['Popularity'],
      'item-knn': ['ItemKNN', `.1570 / .1214 (${bars})`],
      ease: ['EASE', `.1765 / .1467 (${bars})`],
      ials: ['iALS'],
      'bpr-mf': ['BPR-MF', `.1627 / .1378 (${bars})`],
      'gf-cf': ['GF-CF', `.1849 / .1518 (${bars})`],
      lightgcn: ['LightGCN', `.1824 / .1547 (${gcf})`],
      ultragcn: ['UltraGCN', `.1862 / .1580 (${bars})`],
    },
  },
  {
    folder: 'irgan-ml-100k',
    heading:
      '## The files of IRGAN, MovieLens-100K\n\nRatings of 4 and 5, 456 users with test rows, all other films ranked. Epochs were chosen on one training row of each user. ' +
      'Published: P@5 / NDCG@5, recomputed from what the authors published; IRGAN was chosen on the test rows. Training times were taken on a busy machine.',
    metrics: ['precision@5', 'ndcg@5'],
    rows: {
      popularity: ['Popularity', '.2338 / .2568'],
      ease: ['EASE'],
      ials: ['iALS'],
      'bpr-mf': ['BPR-MF'],
      dns: ['BPR-MF, DNS(1, 8)', `.3474 / .3749 (${checkpoints})`],
      irgan: ['IRGAN', `.3785 / .4053 (${checkpoints})`],
      kbgan: ['KBGAN-style negatives for BPR-MF'],
    },
  },
  {
    folder: 'ml-1m-sequences',
    heading:
      '## MovieLens-1M as sequences, all films ranked\n\nThe last film of each user among all films outside the history. Published: HR@10 / NDCG@10. Training times were taken on a busy machine.',
    metrics: ['hr@10', 'ndcg@10'],
    rows: {
      'sasrec-softmax': ['SASRec, softmax over all films', '.3152 / .1821 (code of Klenitskiy & Vasilev 2023)'],
      esasrec: ['SASRec with the blocks and the loss of today', '.3133 / .1772 (eSASRec)'],
    },
  },
] as const;
