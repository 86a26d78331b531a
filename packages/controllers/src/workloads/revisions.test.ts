import { describe, expect, it } from 'vitest';
import { safeHash } from './hash.ts';
import type { ControllerRevision } from './objects.ts';
import { planRevision, revisionData, surplusRevisions, templateOf } from './revisions.ts';
import { names } from './testing.ts';

const template = (image: string) => ({ spec: { containers: [{ name: 'c', image }] } });
const revision = (number: number, image: string): ControllerRevision => ({
  apiVersion: 'apps/v1',
  kind: 'ControllerRevision',
  metadata: { name: `r${number}` },
  data: { spec: { template: { ...template(image), $patch: 'replace' } } },
  revision: number,
});

describe('the revision of a template', () => {
  it('is the latest one when that has it', () => {
    const latest = revision(2, 'b');
    const plan = planRevision(template('b'), [latest, revision(1, 'a')]);
    expect(plan).toEqual({ type: 'keep', revision: latest });
  });

  it('is an earlier one that becomes the latest again', () => {
    const first = revision(1, 'a');
    const plan = planRevision(template('a'), [revision(2, 'b'), first]);
    expect(plan).toEqual({ type: 'renumber', revision: first, to: 3 });
  });

  it('is a new one when none has it', () => {
    expect(planRevision(template('c'), [revision(7, 'b')])).toEqual({ type: 'create', number: 8 });
    expect(planRevision(template('c'), [])).toEqual({ type: 'create', number: 1 });
  });

  it('does not care whether nothing is said or said empty', () => {
    const spoken = { ...template('a'), metadata: { labels: { a: 'b' }, annotations: {} } };
    const present = { ...revision(1, 'a'), data: { spec: { template: { ...spoken, $patch: 'replace' } } } };
    const plan = planRevision({ ...template('a'), metadata: { labels: { a: 'b' } } }, [present]);
    expect(plan.type).toBe('keep');
    expect(templateOf(present)).toEqual(spoken);
  });
});

describe('the data of a revision', () => {
  it('is, byte for byte, what upstream writes', () => {
    const { spec } = template('a');
    const data = revisionData({
      spec: { restartPolicy: 'Always', ...spec },
      metadata: { labels: { b: '1', a: '2' } },
    });
    expect(JSON.stringify(data)).toBe(
      '{"spec":{"template":{"$patch":"replace","metadata":{"creationTimestamp":null,"labels":{"a":"2","b":"1"}},' +
        '"spec":{"containers":[{"image":"a","name":"c"}],"restartPolicy":"Always"}}}}',
    );
  });
});

describe('old revisions', () => {
  it('are given up oldest first, but none that is in use', () => {
    const all = [4, 2, 1, 3, 5].map((number) => revision(number, `i${number}`));
    const isLive = (one: ControllerRevision) => one.revision === 1 || one.revision === 5;
    expect(names(surplusRevisions(all, isLive, 1))).toEqual(['r2', 'r3']);
    expect(surplusRevisions(all, isLive, 3)).toEqual([]);
    expect(names(surplusRevisions(all, isLive, 0))).toEqual(['r2', 'r3', 'r4']);
  });
});

describe('the hash of a template', () => {
  it('is the same for the same JSON, whatever the order of keys', () => {
    expect(safeHash({ a: 1, b: [{ c: 'x', d: null }] })).toBe(safeHash({ b: [{ c: 'x' }], a: 1 }));
    expect(safeHash(template('a'))).not.toBe(safeHash(template('b')));
  });

  it('is another one with each collision, and safe in names', () => {
    const hashes = [undefined, 0, 1, 2].map((probe) => safeHash(template('a'), probe));
    expect(new Set(hashes).size).toBe(4);
    for (const hash of hashes) expect(hash).toMatch(/^[bcdfghjklmnpqrstvwxz2456789]{1,10}$/);
  });
});
