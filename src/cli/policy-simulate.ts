/** What `deeptaste policy simulate` does: policies that learn in a world, as a table, a picture and a document. */
import { checkFilePlace } from '../artifact/output-place.ts';
import { writeFileAtomic } from '../core/atomic-file.ts';
import { DeepTasteError } from '../core/errors.ts';
import { parseOptions } from '../core/options.ts';
import { contender } from '../policy/learners/index.ts';
import { simulate } from '../policy/simulate.ts';
import { requirePlottable, simulationPlot } from '../policy/simulation-plot.ts';
import { renderSimulation } from '../policy/simulation-table.ts';
import { worldNamed } from '../policy/worlds/index.ts';
import { parseAssignment } from './assignments.ts';
import type { PolicySimulateFlags } from './flags.ts';
import type { Terminal } from './terminal.ts';

export async function simulatePolicies(terminal: Terminal, world: string, flags: PolicySimulateFlags): Promise<void> {
  const { users, steps, runs, seed, svg } = flags;
  const kind = worldNamed(world);
  const policies = flags.policies ?? kind.policies;
  const repeated = policies.find((name, n) => policies.indexOf(name) !== n);
  if (repeated !== undefined)
    throw new DeepTasteError('usage', `--policies: each policy counts once, found "${repeated}" twice`);
  const { ofWorld, ofPolicies } = settings(policies, flags.set ?? []);
  const worldOptions = parseOptions(kind.options, ofWorld, `world ${world}`);
  const contenders = policies.map((name) => contender(name, ofPolicies.get(name)));
  if (svg !== undefined) {
    requirePlottable(steps);
    await checkFilePlace(svg);
  }
  const simulation = await simulate(
    (random) => kind.open(worldOptions, random),
    contenders,
    { users, steps, runs, seed },
    await terminal.progress(),
  );
  terminal.print(renderSimulation(simulation));
  if (svg !== undefined) {
    await writeFileAtomic(svg, simulationPlot(simulation));
    terminal.print(`picture: ${svg}`);
  }
  const plain = simulation.policies.map((policy) => ({
    ...policy,
    visits: policy.visits && { ...policy.visits, rewardByPart: [...policy.visits.rewardByPart] },
    regretByStep: policy.regretByStep && [...policy.regretByStep],
    rewardByStep: [...policy.rewardByStep],
  }));
  terminal.document({ ...simulation, options: worldOptions, policies: plain });
}

/** `world.actions=20` is about the world, `linucb.alpha=0.5` about a policy. @throws 'usage' for what is about neither */
function settings(policies: readonly string[], set: readonly string[]) {
  const ofWorld: Record<string, unknown> = {};
  const ofPolicies = new Map(policies.map((name): [string, Record<string, unknown>] => [name, {}]));
  for (const text of set) {
    const { value, key } = parseAssignment(text);
    const [owner, option, ...rest] = key.split('.');
    const options = owner === 'world' ? ofWorld : ofPolicies.get(owner);
    if (!options || option === undefined || rest.length > 0)
      throw new DeepTasteError(
        'usage',
        `--set ${text}: must be about the world or one of the policies, e.g. world.actions=20 or ${policies[0]}.…, found "${key}"`,
      );
    options[option] = value;
  }
  return { ofWorld, ofPolicies };
}
