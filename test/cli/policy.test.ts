/** `deeptaste policy` as users run it. */
import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { RandomStream } from '../../src/core/random.ts';
import { syntheticLog, syntheticRounds, syntheticWorld } from '../../src/policy/worlds/synthetic-bandit.ts';
import { workplace } from './command-line.ts';

const { path, run, write } = workplace();

/** 1,500 decisions among three actions; `new_…` prefers the better ones. */
function logCsv(): string {
  const random = new RandomStream(1, 'log of a test');
  const world = syntheticWorld({ actions: 3, features: 2, beta: -1 }, random);
  const rounds = syntheticRounds(world, 1500, random);
  const log = syntheticLog(world, rounds, random);
  const lines = ['action,reward,propensity,x0,x1,new_a0,new_a1,new_a2,mine'];
  for (let row = 0; row < log.length; row++) {
    const q = Array.from(rounds.expected.subarray(row * 3, row * 3 + 3), (each) => Math.exp(2 * each));
    const sum = q[0] + q[1] + q[2];
    const x = log.context.map((column) => (column.kind === 'categorical' ? '' : column.value[row].toFixed(4)));
    const cells = [log.actions[log.action[row]], log.reward[row], log.propensity[row], ...x];
    lines.push([...cells, ...q.map((each) => each / sum), q[log.action[row]] / sum].join(','));
  }
  return `${lines.join('\n')}\n`;
}

beforeAll(() => {
  write('log.csv', logCsv());
});

describe('policy evaluate', () => {
  it('judges several policies and says which is better', async () => {
    const args = [
      'policy',
      'evaluate',
      'log.csv',
      '--policy',
      'new_*',
      '--policy',
      'uniform',
      '--reward-model',
      'mean',
    ];
    const { code, stdout, stderr } = await run([...args, '--json']);
    expect(stderr).not.toMatch(/error/i);
    expect(code).toBe(0);
    const document = JSON.parse(stdout);
    expect(document.policies.map(({ policy }: { policy: string }) => policy)).toEqual(['new_*', 'uniform']);
    expect(document.policies[0].estimates).toHaveLength(9);
    expect(document.policies[0].support.refusals).toEqual([]);
    expect(document.comparison.policies[0].policy).toBe('new_*');
    expect(document.comparison.policies[0].difference.significant).toBe(true);
    const text = await run([...args, '--quiet']);
    expect(text.stdout).toMatch(/1,500 decisions, 3 actions/);
    expect(text.stdout).toMatch(/effective decisions +[\d,]+ of 1,500/);
    expect(text.stdout).toMatch(/new_\* +0\.\d{4} +\+0\.\d+ .* better/);
  }, 120_000);

  it('takes a trained recommender, and a column of the actions taken', async () => {
    const trained = await run([
      'train',
      '--data',
      'log.csv',
      '--model',
      'lr',
      '--task',
      'click',
      '--label',
      'reward',
      '--item',
      'action',
      '--no-user',
      '--context',
      'x0,x1',
      '--epochs',
      '5',
      '--out',
      'run',
      '--quiet',
    ]);
    expect(trained.stderr).toBe('');
    expect(trained.code).toBe(0);
    const context = ['--context', 'x0,x1', '--threads', '1', '--json'];
    const { code, stdout, stderr } = await run([
      'policy',
      'evaluate',
      'log.csv',
      '--policy',
      'run',
      '--policy',
      'mine',
      ...context,
    ]);
    expect(stderr).toMatch(/of "mine" only the probabilities of the actions taken are known/);
    expect(code).toBe(0);
    const { policies, comparison, rewardModel } = JSON.parse(stdout);
    expect(rewardModel).toBe('lr');
    expect(policies[0].support.never).toBeGreaterThan(0.3);
    expect(policies[1].estimates.map(({ estimator }: { estimator: string }) => estimator)).toEqual([
      'replay',
      'ips',
      'clipped-ips',
      'snips',
    ]);
    expect(comparison.estimator).toBe('snips');
  }, 120_000);

  it('gives no verdict below the stated bounds', async () => {
    const { code, stdout } = await run([
      'policy',
      'evaluate',
      'log.csv',
      '--policy',
      'always:a1',
      '--min-ess',
      '5000',
      '--quiet',
    ]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/no verdict:\n +the log is worth .* at least 5000 are needed/);
    expect(stdout).not.toMatch(/SNIPS/);
  }, 60_000);

  it('reads a log as the flags say', async () => {
    const rows = Array.from({ length: 40 }, (_, k) => `${'ab'[k % 2]};${k % 3 === 0 ? 1 : 0};0,500`);
    write('commas.csv', `action;reward;propensity\n${rows.join('\n')}\n`);
    const args = ['policy', 'evaluate', 'commas.csv', '--reward-model', 'none', '--json'];
    const { code, stdout, stderr } = await run([...args, '--decimal', ',', '--delimiter', ';']);
    expect({ code, stderr }).toMatchObject({ code: 0 });
    expect(JSON.parse(stdout)).toMatchObject({ policies: [{ policy: 'uniform' }] });
    expect(await run([...args, '--ids-as-written'])).toMatchObject({ code: 2, stdout: '' });
  }, 60_000);

  it.each([
    [['--policy', 'always:zz'], 1, /must be an action of log.csv/],
    [['--policy', 'nothere'], 2, /there must be a column "nothere"/],
    [['--reward-model', 'none', '--set', 'training.epochs=3'], 2, /has no settings/],
    [['--reward-model', 'none', '--folds', '4'], 2, /--folds: are those of the reward model/],
    [['--temperature', '0.5'], 2, /--temperature: is about policies that are runs, found none/],
    [['--baseline', 'best'], 1, /baseline must be "log" or one of the policies/],
    [['--reward-range', '0,0.5'], 1, /reward must be from 0 to 0.5, found 1/],
  ])(
    'refuses %j',
    async (args, code, message) => {
      const outcome = await run(['policy', 'evaluate', 'log.csv', ...args]);
      expect(outcome.stderr).toMatch(message);
      expect(outcome.stdout).toBe('');
      expect(outcome.code).toBe(code);
    },
    60_000,
  );
});

describe('policy simulate', () => {
  it('lets bandits act, and draws what they earn', async () => {
    const args = [
      'policy',
      'simulate',
      'synthetic',
      '--policies',
      'uniform,linucb',
      '--users',
      '5',
      '--steps',
      '300',
      '--runs',
      '2',
    ];
    const { code, stdout } = await run([
      ...args,
      '--set',
      'world.actions=4',
      '--set',
      'linucb.alpha=0.5',
      '--svg',
      'sim.svg',
      '--json',
    ]);
    expect(code).toBe(0);
    const { policies, best, options } = JSON.parse(stdout);
    expect(options.actions).toBe(4);
    expect(policies.map(({ policy }: { policy: string }) => policy)).toEqual(['uniform', 'linucb']);
    expect(policies[1].regretByStep).toHaveLength(300);
    expect(policies[1].reward.mean).toBeGreaterThan(policies[0].reward.mean);
    expect(best.mean).toBeGreaterThan(policies[1].reward.mean);
    expect(readFileSync(path('sim.svg'), 'utf8')).toMatch(/^<svg[\s\S]*LinUCB[\s\S]*<\/svg>\n$/);
  }, 60_000);

  it('lets people come and go in a world with consequences', async () => {
    const args = [
      'policy',
      'simulate',
      'interest-evolution',
      '--policies',
      'uniform,slateq',
      '--users',
      '20',
      '--runs',
      '2',
    ];
    const few = ['--set', 'slateq.warmup=200', '--set', 'slateq.exploration=500', '--set', 'slateq.hidden=[8]'];
    const { code, stdout } = await run([...args, ...few, '--steps', '500', '--set', 'world.candidates=5', '--json']);
    expect(code).toBe(0);
    const { policies, best, options } = JSON.parse(stdout);
    expect(best).toBeNull();
    expect(options).toEqual({ candidates: 5, slate: 2 });
    const [uniform, slateq] = policies;
    expect(Math.abs(uniform.visits.reward.mean - 155)).toBeLessThan(12);
    expect(uniform.visits.rewardByPart).toHaveLength(20);
    expect(uniform.difference).toBeNull();
    expect(slateq.difference.mean).toBeCloseTo(slateq.visits.lastReward.mean - uniform.visits.lastReward.mean, 8);
    expect(slateq.regretByStep).toBeNull();
  }, 120_000);

  it('says which policies cannot act in a world', async () => {
    const { code, stderr } = await run(['policy', 'simulate', 'interest-evolution', '--policies', 'linucb']);
    expect(stderr).toMatch(/linucb: .* shows 2 of items that come and go: take uniform, myopic, slateq or dqn there/);
    expect(code).toBe(2);
  }, 60_000);

  it.each([
    [['nowhere'], /no world is called "nowhere"/],
    [['synthetic', '--policies', 'linucb,linucb'], /found "linucb" twice/],
    [['synthetic', '--policies', 'linucb', '--set', 'lints.v=1'], /must be about the world or one of the policies/],
  ])(
    'refuses %j',
    async (args, message) => {
      const outcome = await run(['policy', 'simulate', ...args]);
      expect(outcome.stderr).toMatch(message);
      expect(outcome.code).toBe(2);
    },
    60_000,
  );
});
