/** The models that a study takes where nobody names them, and the baselines that stand beside them in any case. */
import type { TaskName } from '../examples/model.ts';

interface Choice {
  /** Trained as they are. */
  readonly baselines: readonly string[];
  /** Searched where nobody names models. */
  readonly searched: readonly string[];
}

/** By what is asked of the models. */
export const autoModels: Readonly<Record<TaskName, Choice>> = {
  ranking: {
    baselines: ['popularity', 'item-knn'],
    searched: ['item-knn', 'ease', 'ials', 'bpr-mf', 'mf', 'neumf', 'lightgcn'],
  },
  'next-item': {
    baselines: ['sequence-popularity', 'session-item-knn'],
    searched: ['session-item-knn', 'markov', 'vsknn', 'gru4rec', 'sasrec'],
  },
  rating: { baselines: ['bias'], searched: ['bias', 'biased-mf', 'svdpp'] },
  click: { baselines: ['lr'], searched: ['lr', 'fm', 'deepfm', 'dcn-v2'] },
};
