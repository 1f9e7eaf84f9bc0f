/** Random search: every value as likely as another on its scale. Bergstra, Bengio: Random Search for Hyper-Parameter Optimization. JMLR 2012. */
import { valueAt } from './domain.ts';
import { chooseEach, type Sampler } from './sampler.ts';

export const randomSearch: Sampler = {
  name: 'random',
  propose: (space, _, random) => chooseEach(space, ({ domain }) => valueAt(domain, random.uniform())),
};
