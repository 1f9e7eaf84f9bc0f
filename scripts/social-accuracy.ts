/** The experiments of rankings with friends, and their parts of `docs/results/accuracy.md`. */
const recBole = 'RecBole-GNN';

export const socialSets = [
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
] as const;
