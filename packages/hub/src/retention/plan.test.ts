import { expect, test } from 'vitest';
import type { Project } from '../projects/directory.ts';
import type { RetentionRule } from '../rules/project-rules.ts';
import { planRetention } from './plan.ts';

const NOW = Date.UTC(2026, 5, 1);
const DAY = 24 * 60 * 60_000;

const ALL = { repositories: '**', tags: '**' };

function project(...rules: RetentionRule[]): Project {
  return { name: 'p', public: false, members: [], retention: { dryRun: false, rules } };
}

/** Tags by name, set and read so many days ago; read: undefined is never. */
const tag = (name: string, pushed: number, pulled?: number) => ({
  name,
  pushed: NOW - pushed * DAY,
  pulled: pulled === undefined ? null : NOW - pulled * DAY,
});

const gone = (of: Project, repository: string, ...tags: ReturnType<typeof tag>[]) =>
  planRetention(of, repository, tags, NOW).map(({ name }) => name);

test('the tags pushed last are kept', () => {
  const tags = [tag('a', 5), tag('b', 1), tag('c', 3), tag('d', 2)];
  expect(gone(project({ ...ALL, keepLast: 2 }), 'p/app', ...tags)).toEqual(['a', 'c']);
  expect(gone(project({ ...ALL, keepLast: 0 }), 'p/app', ...tags)).toEqual(['a', 'b', 'c', 'd']);
  expect(gone(project({ ...ALL, keepLast: 4 }), 'p/app', ...tags)).toEqual([]);
});

test('tags are kept by when they were pushed or pulled', () => {
  const tags = [tag('old', 40), tag('used', 40, 3), tag('new', 3), tag('unused', 40, 39)];
  expect(gone(project({ ...ALL, keepPulledDays: 7 }), 'p/app', ...tags)).toEqual(['old', 'new', 'unused']);
  expect(gone(project({ ...ALL, keepPushedDays: 7 }), 'p/app', ...tags)).toEqual(['old', 'used', 'unused']);
  const both = { ...ALL, keepPulledDays: 7, keepPushedDays: 7 };
  expect(gone(project(both), 'p/app', ...tags)).toEqual(['old', 'unused']);
});

test('what no rule names is kept, and what several name if one keeps it', () => {
  const tags = [tag('main-1', 9), tag('main-2', 8), tag('v1', 90), tag('v2', 80), tag('latest', 100)];
  const main = { repositories: '**', tags: 'main-*', keepLast: 1 };
  expect(gone(project(main), 'p/app', ...tags)).toEqual(['main-1']);
  expect(gone(project(main, { ...ALL, keepPushedDays: 8 }), 'p/app', ...tags)).toEqual([
    'main-1',
    'v1',
    'v2',
    'latest',
  ]);
  const exception = { repositories: '**', tags: '{v*,latest}' };
  expect(gone(project({ ...ALL, keepLast: 0 }, exception), 'p/app', ...tags)).toEqual(['main-1', 'main-2']);
  expect(gone(project({ ...main, repositories: 'other/**' }), 'p/app', ...tags)).toEqual([]);
  expect(gone(project({ ...main, repositories: 'team/*' }), 'p/team/app', ...tags)).toEqual(['main-1']);
  expect(gone(project(), 'p/app', ...tags)).toEqual([]);
});

test('immutable tags and signatures are left where they are', () => {
  const signature = `sha256-${'a'.repeat(64)}`;
  const tags = [tag('v1', 9), tag('x', 9), tag(`${signature}.sig`, 9), tag(signature, 9)];
  const fixed = { ...project({ ...ALL, keepLast: 0 }), immutability: [{ repositories: '*', tags: 'v*' }] };
  expect(gone(fixed, 'p/app', ...tags)).toEqual(['x']);
});
