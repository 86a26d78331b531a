import { describe, expect, it } from 'vitest';
import { COMMANDS } from '../src/commands.ts';
import { parse } from '../src/parse.ts';
import { asCalled } from '../src/program-name.ts';
import { suggest } from '../src/suggest.ts';

const hintOf = (...words: string[]): string => {
  try {
    parse(words);
  } catch (error) {
    return (error as { hint?: string }).hint ?? '';
  }
  return 'no error';
};

describe('command line', () => {
  it('takes global options before and after the command', () => {
    expect(parse(['--home', '/a', 'status']).options.home).toBe('/a');
    expect(parse(['status', '--home=/b']).options.home).toBe('/b');
    expect(parse(['--home=/a', 'status', '--home=/b']).options.home).toBe('/b');
  });

  it('gives kubectl all that follows it', () => {
    const { command, args } = parse(['kubectl', 'get', 'pods', '-o', 'json', '--port', '80', '--help']);
    expect(command?.name).toBe('kubectl');
    expect(args).toEqual(['get', 'pods', '-o', 'json', '--port', '80', '--help']);
  });

  it('takes --home right after kubectl for itself', () => {
    const { args, options } = parse(['kubectl', '--home', '/a', 'run', 'x', '--port=80']);
    expect(options.home).toBe('/a');
    expect(args).toEqual(['run', 'x', '--port=80']);
  });

  it('knows commands of two words', () => {
    const { command, args, options } = parse(['user', 'create', 'ann', '--group', 'a', '-g', 'b']);
    expect(command?.name).toBe('user create');
    expect(args).toEqual(['ann']);
    expect(options.group).toEqual(['a', 'b']);
  });

  it('takes a family alone, or with a wish for help, for a question about its members', () => {
    for (const words of [['hub'], ['hub', '--help'], ['--home', '/a', 'hub', '-h']])
      expect(parse(words)).toMatchObject({ command: undefined, family: 'hub' });
    expect(parse(['hub', 'robot', '--help']).family).toBe('hub robot');
    expect(hintOf('cluster', '--all')).toMatch(/^Known: cluster create,/);
  });

  it('says what was probably meant', () => {
    expect(hintOf('stauts')).toBe('Did you mean: sampan status');
    expect(hintOf('user', 'craete', 'x')).toBe('Did you mean: sampan user create');
    expect(hintOf('up', '--foregruond')).toBe('Did you mean: --foreground');
    expect(hintOf('--hoem', 'x', 'up')).toBe('Did you mean: --home');
    expect(hintOf('frobnicate')).toBe('See: sampan help');
  });

  it('refuses what a command does not take', () => {
    expect(hintOf('down', 'now')).toBe('See: sampan help down');
    expect(hintOf('user', 'create')).toBe('See: sampan help user create');
    expect(hintOf('status', '-o', 'xml')).toBe('Known: json, yaml');
    expect(hintOf('up', '--home')).toBe('See: sampan help up');
  });

  it('has a file behind each command', async () => {
    for (const command of COMMANDS) expect(typeof (await command.load()).run).toBe('function');
  });
});

describe('suggestions', () => {
  it('find swaps, misses and beginnings, and keep silent about the rest', () => {
    expect(suggest('dwon', ['up', 'down'])).toBe('down');
    expect(suggest('kubecfg', ['kubectl', 'kubeconfig'])).toBe('kubectl');
    expect(suggest('comp', ['completion', 'down'])).toBe('completion');
    expect(suggest('xyzzy', ['up', 'down'])).toBeUndefined();
  });
});

describe('the name of the program', () => {
  it('is the one that was typed, wherever a command is shown', () => {
    const environment = { SAMPAN_CALLED_AS: './sampan' };
    expect(asCalled('Stop it: sampan down; then: sampan up --port 1', environment)).toBe(
      'Stop it: ./sampan down; then: ./sampan up --port 1',
    );
    expect(asCalled('sampan --home /a status runs as the user sampan', environment)).toBe(
      './sampan --home /a status runs as the user sampan',
    );
    expect(asCalled('sampan up', {})).toBe('sampan up');
  });
});
