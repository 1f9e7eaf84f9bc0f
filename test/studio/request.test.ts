/** What is tried on the page, as it stands in the address. */
import { expect, it } from 'vitest';
import { hashOf, readAddress } from '../../studio/app/address.ts';
import { historyOf, historyText } from '../../studio/try/request.ts';

it.each([
  [['100%']],
  [['100%25', 'a%2Cb']],
  [['a,b', 'c']],
  [['a\\', 'b\\,c', '\\']],
  [['m & ms', 'été', 'x=1#2']],
  [[]],
])('a history comes back from the address: %j', (ids) => {
  const { page, query } = readAddress(hashOf({ page: 'try', query: { history: historyText(ids) } }));
  expect([page, historyOf(query)]).toEqual(['try', ids]);
});

it('addresses that are written by hand are read as they stand', () => {
  const of = (hash: string) => historyOf(readAddress(hash).query);
  expect(of('#/try?history=100%25')).toEqual(['100%']);
  expect(of('#/try?history=f0893,f0503')).toEqual(['f0893', 'f0503']);
  expect(of('#/try?history=a,,b\\')).toEqual(['a', 'b\\']);
});
