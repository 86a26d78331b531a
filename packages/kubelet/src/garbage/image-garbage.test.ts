import { describe, expect, it } from 'vitest';
import { imageGarbage, recordImages } from './image-garbage.ts';

const image = (id: string, more: { pinned?: boolean; tags?: string[]; digests?: string[] } = {}) => ({
  ...{ id, tags: [], digests: [`${id}@sha256:1`], size: 100, username: '', pinned: false },
  ...more,
});

describe('unused images', () => {
  const images = [
    image('old'),
    image('older'),
    image('used'),
    image('pinned', { pinned: true }),
    image('kept', { tags: ['pause'] }),
    image('loaded', { digests: [] }),
    image('new'),
  ];
  const records = () => {
    const first = recordImages(new Map(), images.slice(0, 6), new Set(['old', 'used']), 10);
    return recordImages(first, images, new Set(['used']), 1000);
  };
  const rules = { now: 1000, minAgeMs: 500, kept: new Set(['pause']) };
  const chosen = (bytes: number) => imageGarbage(images, records(), { ...rules, bytes }).map(({ id }) => id);

  it('go by when they were used last, and none that is needed', () => {
    expect(chosen(Number.POSITIVE_INFINITY)).toEqual(['older', 'old']);
  });

  it('go only until there is room', () => {
    expect(chosen(50)).toEqual(['older']);
    expect(chosen(101)).toEqual(['older', 'old']);
    expect(chosen(0)).toEqual([]);
  });

  it('are forgotten when they are gone', () => {
    expect([...recordImages(records(), [image('old')], new Set(), 2000).keys()]).toEqual(['old']);
  });
});
