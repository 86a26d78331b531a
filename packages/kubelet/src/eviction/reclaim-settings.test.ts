import { describe, expect, it } from 'vitest';
import { parseReclaimSettings } from './reclaim-settings.ts';

describe('settings of a node', () => {
  const parse = (value: object) => parseReclaimSettings(JSON.stringify(value));

  it('are the defaults without a file', () => {
    expect(parseReclaimSettings(undefined)).toEqual({ eviction: {}, images: {} });
    expect(parse({})).toEqual({ eviction: {}, images: {} });
  });

  it('are read as those of a KubeletConfiguration', () => {
    const settings = parse({
      evictionHard: { 'memory.available': '100Mi', 'nodefs.available': '10%' },
      evictionSoft: { 'memory.available': '1Gi' },
      evictionSoftGracePeriod: { 'memory.available': '1m30s' },
      evictionMaxPodGracePeriod: 60,
      evictionPressureTransitionPeriod: '5m0s',
      imageGCHighThresholdPercent: 90,
      imageGCLowThresholdPercent: 70,
      imageMinimumGCAge: '500ms',
    });
    expect(settings).toEqual({
      eviction: {
        thresholds: [
          { signal: 'memory.available', least: 100 * 2 ** 20 },
          { signal: 'nodefs.available', least: '10%' },
          { signal: 'memory.available', least: 2 ** 30, graceMs: 90_000, podGraceSeconds: 60 },
        ],
        transitionMs: 300_000,
      },
      images: { highPercent: 90, lowPercent: 70, minAgeMs: 500 },
    });
    expect(parse({ evictionHard: {} }).eviction.thresholds).toEqual([]);
  });

  it.each([
    [{ evictionhard: {} }, '"evictionhard" is not known'],
    [{ evictionHard: { 'memory.free': '1' } }, '"evictionHard.memory.free" is no signal'],
    [{ evictionHard: { 'memory.available': '-1' } }, 'must be a quantity or a percentage'],
    [{ evictionHard: { 'memory.available': '101%' } }, 'must be a quantity or a percentage'],
    [{ evictionSoft: { 'memory.available': '1' } }, 'must have "memory.available"'],
    [{ evictionPressureTransitionPeriod: '5' }, 'must be a duration'],
    [{ imageGCHighThresholdPercent: 101 }, 'must be a whole number from 0 to 100'],
    [{ imageGCHighThresholdPercent: 70 }, '"imageGCLowThresholdPercent" is above'],
    [[], 'the file must be an object'],
  ])('are not guessed from %j', (value, message) => {
    expect(() => parse(value)).toThrow(message);
  });
});
