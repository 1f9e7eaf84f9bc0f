import { Command } from 'commander';
import { expect, it } from 'vitest';
import { addRunFlags } from '../../src/cli/run-flags.ts';
import { splitMethods } from '../../src/runs/any-settings.ts';

it('--split offers every way of splitting that runs know', () => {
  const option = addRunFlags(new Command()).options.find(({ long }) => long === '--split');
  expect([...(option?.argChoices ?? [])].sort()).toEqual([...splitMethods].sort());
});
