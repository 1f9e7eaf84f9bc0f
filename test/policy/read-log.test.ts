import { describe, expect, it } from 'vitest';
import { DeepTasteError } from '../../src/core/errors.ts';
import { makeDecisions } from '../../src/policy/log/make-decisions.ts';
import { readDecisions } from '../../src/policy/log/read-log.ts';
import { columnPolicy, columnsPolicy, constantPolicy } from '../../src/policy/targets/simple-policies.ts';
import { tablePolicy } from '../../src/policy/targets/table-policy.ts';
import { temporaryFolder } from '../data/temporary-files.ts';

const { folder, write } = temporaryFolder();
const at = (name: string) => `${folder}/${name}`;

const good = `when,item_id,slot,click,pscore,device,age,new
2024-01-01 10:00:00,7,2,0,0.5,phone,31,0.25
2024-01-01 10:00:00,8,1,1,0.25,tv,42,0.5
2024-01-01 10:00:05,7,1,0,0.5,phone,,1
2024-01-01 10:00:09,9,2,1,0.25,phone,23,0
`;

async function refusal(text: string, options: Parameters<typeof readDecisions>[1] = {}): Promise<DeepTasteError> {
  write('bad.csv', text);
  const error = await readDecisions([at('bad.csv')], options).catch((reason) => reason);
  expect(error).toBeInstanceOf(DeepTasteError);
  return error;
}

const row = (cells: string) => `action,reward,propensity\na,1,0.5\nb,0,0.5\n${cells}\n`;

describe('a log', () => {
  it('is read from any table, its columns by their names', async () => {
    write('log.csv', good);
    const log = await readDecisions([at('log.csv')], { numbers: ['new'] });
    expect(log.actions).toEqual(['7', '8', '9']);
    expect([...log.action]).toEqual([0, 1, 0, 2]);
    expect([...log.reward]).toEqual([0, 1, 0, 1]);
    expect([...log.propensity]).toEqual([0.5, 0.25, 0.5, 0.25]);
    expect(log.positions).toEqual(['1', '2']);
    expect([...(log.position as Int32Array)]).toEqual([1, 0, 0, 1]);
    expect(log.list).toBe(null);
    expect((log.time as Float64Array)[3] - (log.time as Float64Array)[0]).toBe(9);
    expect(log.context.map(({ name, kind }) => `${name} ${kind}`)).toEqual(['device categorical', 'age numeric']);
    expect(log.notes.join('\n')).toMatch(/"age" is no number in 1 rows/);
    expect([...columnPolicy(log, 'new').ofLogged]).toEqual([0.25, 0.5, 1, 0]);
  });

  it('has lists where an id and positions say so', async () => {
    write('lists.csv', 'slate_id,position,action,reward,prob\ns1,1,a,0,.5\ns1,2,b,1,.5\ns2,1,b,0,.5\ns2,2,a,0,.5\n');
    const log = await readDecisions([at('lists.csv')]);
    expect(log.nLists).toBe(2);
    expect([...(log.list as Int32Array)]).toEqual([0, 0, 1, 1]);
    const alone = await readDecisions([at('lists.csv')], { columns: { list: null } });
    expect(alone.list).toBe(null);
  });

  it.each([
    ['0', 'a,1,0', /row 3: the propensity must be above 0 and at most 1, found 0; an action/],
    ['above 1', 'a,1,50', /found 50; give a probability, not a percentage/],
    ['missing', 'a,1,', /found nothing; log the probability/],
  ])('a propensity that is %s is refused by its row', async (_, cells, message) => {
    expect(await refusal(row(cells))).toMatchObject({ code: 'data', message: expect.stringMatching(message) });
  });

  it('rewards outside their range, or none, are refused', async () => {
    const error = await refusal(row('a,3,0.5'), { rewardRange: [0, 1] });
    expect(error).toMatchObject({
      code: 'data',
      message: expect.stringMatching(/row 3: the reward must be from 0 to 1, found 3/),
    });
    expect((await refusal(row('a,,0.5'))).message).toMatch(/reward must be a finite number, found nothing/);
  });

  it('one action only is refused', async () => {
    const error = await refusal('action,reward,propensity\na,1,1\na,0,1\n');
    expect(error).toMatchObject({
      code: 'data',
      message: expect.stringMatching(/at least two different actions, found "a" alone/),
    });
  });

  it('full distributions that do not sum to 1, or contradict the propensity, are refused', async () => {
    const log = (p: string) => `action,reward,propensity,p_a,p_b\na,1,0.5,0.5,0.5\nb,0,${p}\n`;
    const options = { behaviour: 'p_' };
    expect((await refusal(log('0.5,0.5,0.4'), options)).message).toMatch(
      /row 2: the probabilities of all actions must sum to 1, found 0.9/,
    );
    expect((await refusal(log('0.4,0.5,0.5'), options)).message).toMatch(
      /row 2: the propensity must be .* found 0.4 beside 0.5/,
    );
    expect((await refusal(log('0.5,0.5,0.5').replace('p_b', 'q_b'), options)).code).toBe('config');
  });

  it('columns that cannot be told, or are not there, are asked for', async () => {
    const error = await refusal('action,reward,weight\na,1,0.5\nb,0,0.5\n');
    expect(error).toMatchObject({
      code: 'config',
      message: expect.stringMatching(/holds the propensity; say --propensity COLUMN/),
    });
    expect((await refusal(row('a,1,0.5'), { columns: { reward: 'rewards' } })).message).toMatch(
      /did you mean "reward"/,
    );
    const twice = await refusal(row('a,1,0.5'), { columns: { reward: 'propensity', propensity: 'propensity' } });
    expect(twice.message).toMatch(/cannot be the/);
  });

  it('a list with a position twice is refused', async () => {
    const error = await refusal('slate,position,action,reward,prob\ns,1,a,0,.5\ns,1,b,1,.5\nt,1,b,1,.5\n');
    expect(error.message).toMatch(/row 2: a list must have each position once/);
  });

  it('NaN in a context is refused', () => {
    const given = {
      actions: ['a', 'b'],
      action: Int32Array.of(0, 1),
      reward: Float64Array.of(0, 1),
      propensity: Float64Array.of(0.5, 0.5),
    };
    const x = { name: 'x', kind: 'numeric' as const, value: Float64Array.of(1, Number.NaN) };
    expect(() => makeDecisions({ ...given, context: [x] })).toThrow(/row 2: context "x" must be a number, found NaN/);
    expect(() => makeDecisions({ ...given, reward: Float64Array.of(1) })).toThrow(/2 rows, found 1 of "reward"/);
    expect(() => makeDecisions({ ...given, action: Int32Array.of(0, 2) })).toThrow(/list of 2, found 2/);
  });
});

describe('policies', () => {
  it('are refused for actions that the log does not know, and for sums other than 1', async () => {
    write('log.csv', good.replace('new', 'p'));
    const log = await readDecisions([at('log.csv')], { columns: { propensity: 'pscore' } });
    expect(() => constantPolicy(log, '70')).toThrow(
      /must be an action of .*, found none of that name; its actions are 7, 8, 9/,
    );
    write('t.csv', 'action,position,probability\n7,1,0.5\n8,1,0.5\n9,2,1\n');
    const table = await tablePolicy(log, at('t.csv'));
    expect([...table.ofLogged]).toEqual([0, 0.5, 0.5, 1]);
    write('t2.csv', 'action,position,probability\n7,1,0.5\n8,1,0.4\n9,2,1\n');
    await expect(tablePolicy(log, at('t2.csv'))).rejects.toThrow(/must sum to 1, found 0.9/);
    write('t3.csv', 'action,probability\n7,0.5\n77,0.5\n');
    await expect(tablePolicy(log, at('t3.csv'))).rejects.toThrow(/row 2: the log must know the action, found "77"/);
    write('t4.csv', 'thing,probability\n7,0.5\n');
    await expect(tablePolicy(log, at('t4.csv'))).rejects.toThrow(/must have the columns action and probability/);
  });

  it('stand in columns of the log: of the actions taken, or of all', async () => {
    write('full.csv', 'action,reward,prob,n_a,n_b\na,1,.5,.2,.8\nb,0,.5,.3,.7\n');
    const log = await readDecisions([at('full.csv')], { numbers: ['n_a', 'n_b'] });
    const policy = columnsPolicy(log, 'n_');
    expect([...policy.ofLogged]).toEqual([0.2, 0.7]);
    expect(() => columnsPolicy(log, 'm_')).toThrow(/there must be a column "m_a"/);
    expect(log.context).toEqual([]);
  });
});
