/** Names under which the outcomes of rows are known, the surest first. Compared without case, spaces and punctuation. */
import { withoutAccents } from './role-names.ts';
import { words } from './words.ts';

const sure = ['y', 'label', 'labels', 'target', 'outcome'];

const outcomes = words(`
  click clicks clicked like likes liked converted conversion convert churn churned purchase purchased bought buy
  ordered booked installed subscribed accepted redeemed recommended recommend upvoted upvote favorite favorited
  favourite favourited saved positive relevant response responded engaged interested interacted feedback preference
  geklickt angeklickt gekauft bestellt clique achete commande clicado cliqueado comprado cliccato acquistato curtido
  geklikt gekocht klickat kopt klikniete kupione клик куплено купил лайк 点击 购买 喜欢
`);

/** Words that other columns go by too: outcomes where nothing surer is there. */
const likely = words(`
  viewed watched opened played finished completed read followed follow shared share view watch play open finish cart
  carted addtocart addedtocart added wishlist order forward forwarded comment commented longview sale sold lead
  reward interaction
`);

/**
 * How surely a name is that of a label: 0 the surest, −1 no such name. `isClicked`, `was_liked`, `click flag` count as what
 * they are made of.
 */
export function labelTier(normalName: string): number {
  const tier = Math.max(tierOf(normalName), tierOf(withoutAccents(normalName)));
  if (tier >= 0) return tier;
  const bare = normalName.replace(/^(is|was|has|did|user)/, '').replace(/(flag|label|yn|indicator|bool)$/, '');
  return bare === normalName ? -1 : tierOf(bare);
}

function tierOf(name: string): number {
  return [sure, outcomes, likely].findIndex((names) => names.includes(name));
}
